// A catalogue of real servers' tools, as large as one likes, and questions to it.
#pragma once

#include <headrace/discovery/catalogue.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::bench {

struct SampleServer {
  std::string name;
  std::vector<discovery::ToolDoc> tools;
};

/// A file that is JSON. Throws std::runtime_error with its name when it can't be read or is not.
std::string read_json_file(const std::string& file);

/// From the text of search_quality/catalogue.json.
std::vector<SampleServer> read_servers(std::string_view text);
/// From the text of search_quality/questions.json.
std::vector<std::string> read_questions(std::string_view text);

/// The servers again and again under other names, until there are so many, with so many tools
/// together (a share each).
std::vector<SampleServer> repeated(const std::vector<SampleServer>& servers, std::size_t wanted,
                                   std::size_t tools);

discovery::Catalogue make_catalogue(const std::vector<SampleServer>& servers);

/// Bytes of the heap in use; 0 where that can't be told.
std::size_t heap_in_use();

/// The result of a tools/list that holds them.
std::string tools_result(const std::vector<discovery::ToolDoc>& tools);

}  // namespace headrace::bench
