# The fuzzers of discovery.
headrace_fuzzed(discovery DEPENDS headrace::framing simdjson::simdjson)
target_include_directories(headrace_fuzzed_discovery SYSTEM PRIVATE
                           "${HEADRACE_TOMLPLUSPLUS_INCLUDE_DIR}")
foreach(target json config tools)
  headrace_fuzz(fuzz_discovery_${target} LAYER discovery SOURCES discovery_${target}_fuzz.cpp
                DEPENDS headrace::framing simdjson::simdjson nlohmann_json::nlohmann_json)
endforeach()
