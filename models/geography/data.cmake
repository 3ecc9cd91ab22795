# Tables of geography: a build tool reads models/data/*.csv and writes them as C, so that the
# program is one file. Sets GEOGRAPHY_GENERATED (a source of geodes_models) and
# GEOGRAPHY_TOOL_SOURCES (sources of the tool alone: not of geodes_models).
set(GEOGRAPHY_FOLDER ${CMAKE_SOURCE_DIR}/models/geography)
set(GEOGRAPHY_TOOL_SOURCES ${GEOGRAPHY_FOLDER}/compile_data.c ${GEOGRAPHY_FOLDER}/compile_sheet.c)
set(GEOGRAPHY_GENERATED ${CMAKE_BINARY_DIR}/generated/geography_data.c)

add_executable(
  geodes_compile_data
  ${GEOGRAPHY_TOOL_SOURCES}
  ${GEOGRAPHY_FOLDER}/distance.c
  ${GEOGRAPHY_FOLDER}/fibre.c
  ${GEOGRAPHY_FOLDER}/fibre_fit.c
  ${GEOGRAPHY_FOLDER}/jitter_fit.c
  ${CMAKE_SOURCE_DIR}/sim/check.c
  ${CMAKE_SOURCE_DIR}/sim/sim_time.c
  ${CMAKE_SOURCE_DIR}/sim/portable_math.c)
# Not geodes_flags: the calibration has some 1e9 operations, so that the tool is optimised, and not
# sanitised, in every build. -ffp-contract=off: the same tables on every machine.
target_include_directories(geodes_compile_data PRIVATE ${CMAKE_SOURCE_DIR} ${CSV_INCLUDE_DIR})
target_compile_options(geodes_compile_data PRIVATE -O3 -ffp-contract=off -Wall -Wextra -Wpedantic
                                                   -Werror)
target_link_libraries(geodes_compile_data PRIVATE ${CSV_LIBRARY})

file(GLOB geography_csv CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/models/data/*.csv)
add_custom_command(
  OUTPUT ${GEOGRAPHY_GENERATED}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/generated
  COMMAND geodes_compile_data ${CMAKE_SOURCE_DIR}/models/data ${GEOGRAPHY_GENERATED}
  DEPENDS geodes_compile_data ${geography_csv}
  COMMENT "Compiling the published latency data in"
  VERBATIM)
