// Writes the lines.
#include <headrace/bench/sample_lines.hpp>
#include <headrace/framing/json_writer.hpp>

namespace headrace::bench {

std::string call_line(std::size_t size) {
  std::string line = R"({"jsonrpc":"2.0","id":12345,"method":"tools/call",)"
                     R"("params":{"name":"echo","arguments":{"text":")";
  const std::string end = "\"}}}\n";
  if (line.size() + end.size() < size) line.append(size - line.size() - end.size(), 'x');
  return line + end;
}

std::string table_line(std::size_t rows) {
  std::string line;
  framing::JsonWriter writer(line);
  writer.begin_object().member("jsonrpc", "2.0").member("id", 7).key("result").begin_array();
  for (std::size_t row = 0; row < rows; ++row) {
    writer.begin_object().member("name", "file").member("size", row).member("dir", false);
    writer.end_object();
  }
  writer.end_array().end_object();
  return line + "\n";
}

Batch fill_read(const std::string& line) {
  Batch batch;
  do {
    batch.bytes += line;
    ++batch.lines;
  } while (batch.bytes.size() + line.size() <= read_size);
  return batch;
}

}  // namespace headrace::bench
