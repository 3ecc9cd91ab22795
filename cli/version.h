/* version.h - the program's version: CMakeLists.txt sets it. */
#ifndef CLI_VERSION_H
#define CLI_VERSION_H

#ifndef GEODES_VERSION
#define GEODES_VERSION "unknown"
#endif

#endif
