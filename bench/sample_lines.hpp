// Lines of the shapes that MCP's connections carry, for whatever measures framing.
#pragma once

#include <cstddef>
#include <string>

namespace headrace::bench {

/// A tools/call whose one argument is text: `size` bytes with its newline (at least some 110).
std::string call_line(std::size_t size);

/// A result that is all structure: a list of small objects.
std::string table_line(std::size_t rows);

constexpr std::size_t read_size = std::size_t{64} << 10;

/// What one read of a busy stream brings: whole lines, as many as fit into `read_size`, and at
/// least one.
struct Batch {
  std::string bytes;
  std::size_t lines = 0;
};
Batch fill_read(const std::string& line);

}  // namespace headrace::bench
