# Those parts of src/ that decide something on their way, compiled for this machine against the stub headers and driven by
# a make-believe board (test/shell), once for each generation of the Arduino core.
file(GLOB SHELL_TEST_SOURCES CONFIGURE_DEPENDS test/shell/*.cpp)
foreach(generation 2 3)
  set(target shell_tests_${generation})
  add_executable(${target} ${SHELL_TEST_SOURCES} $<TARGET_OBJECTS:doctest_main> src/esp_mqtt_link.cpp src/littlefs_storage.cpp
    src/nvs_settings.cpp src/ota_update.cpp src/provisioning_portal.cpp src/wifi_station.cpp)
  target_include_directories(${target} PRIVATE src test/shell)
  target_include_directories(${target} SYSTEM PRIVATE ${DOCTEST_INCLUDE} stubs/arduino${generation} stubs/common)
  target_compile_definitions(${target} PRIVATE ARDUINO_GENERATION=${generation} CONFIG_IDF_TARGET_ESP32=1
    CT_OUTBOX_MOUNT="${CMAKE_CURRENT_BINARY_DIR}/outbox_${generation}")
  target_link_libraries(${target} PRIVATE core)
  foreach(suite esp_mqtt_link ota_update nvs_settings littlefs_storage provisioning_portal wifi_station)
    add_test(NAME ${target}_${suite} COMMAND ${target} --test-suite=${suite} --no-skipped-summary)
    set_tests_properties(${target}_${suite} PROPERTIES FAIL_REGULAR_EXPRESSION "test cases: +0 ")
  endforeach()
  set_tests_properties(${target}_littlefs_storage PROPERTIES RUN_SERIAL TRUE)
endforeach()
