# The fuzzers of discovery.
foreach(target json config tools)
  headrace_fuzz(fuzz_discovery_${target} SOURCES discovery_${target}_fuzz.cpp LAYER discovery
                DEPENDS headrace::framing simdjson::simdjson nlohmann_json::nlohmann_json)
  target_include_directories(fuzz_discovery_${target} SYSTEM PRIVATE
                             "${HEADRACE_TOMLPLUSPLUS_INCLUDE_DIR}")
endforeach()
