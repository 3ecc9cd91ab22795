/* network_connection.c - the end of what a connection holds. */
#include "models/network/network.h"
#include "models/network/network_list.h"

void network_connection_drop(struct network *network, struct network_link *link,
                             struct network_connection *connection)
{
    link->retrying -= connection->retrying;
    while (connection->lost_head != 0) {
        network_drop(network, list_take(network, &connection->lost_head, &connection->lost_tail));
    }
    while (connection->waiting_head != 0) {
        network_drop(network,
                     list_take(network, &connection->waiting_head, &connection->waiting_tail));
    }
    connection->backlog_bytes = 0;
    connection->retrying = false;
}

void network_forget(struct network *network, uint32_t node)
{
    network->node_powers[node]++;
    struct network_connection *row = network->connections[node];
    if (row == NULL) {
        return;
    }
    for (uint32_t to = 0; to < network->node_count; to++) {
        network_connection_drop(network, network_link_at(network, row[to].link), &row[to]);
    }
}
