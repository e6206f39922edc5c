// How to start one downstream server, and where that was written.
#include <headrace/discovery/glob.hpp>
#include <headrace/discovery/server_spec.hpp>

#include <array>
#include <cstdint>

namespace headrace::discovery {
namespace {

// FNV-1a, twice with different beginnings: keys only have to differ.
class Hash {
 public:
  void add(std::string_view text) {
    for (const char c : text)
      add(static_cast<unsigned char>(c));
    add(0x1ffU);  // no byte: `ab`, `c` is not `a`, `bc`
  }
  void add(const std::vector<std::string>& texts) {
    add(std::to_string(texts.size()));
    for (const std::string& text : texts)
      add(text);
  }
  std::string hex() const {
    std::string digits;
    for (const std::uint64_t half : halves_) {
      for (int shift = 60; shift >= 0; shift -= 4)
        digits += "0123456789abcdef"[(half >> static_cast<unsigned>(shift)) & 0xfU];
    }
    return digits;
  }

 private:
  void add(unsigned value) {
    for (std::uint64_t& half : halves_)
      half = (half ^ value) * 0x100000001b3ULL;
  }
  std::array<std::uint64_t, 2> halves_{0xcbf29ce484222325ULL, 0x9e3779b97f4a7c15ULL};
};

}  // namespace

bool same_process(const ServerSpec& a, const ServerSpec& b) noexcept {
  return a.command == b.command && a.args == b.args && a.env == b.env && a.cwd == b.cwd &&
         a.protocol == b.protocol && a.roots == b.roots;
}

std::string start_key(const ServerSpec& spec) {
  Hash hash;
  hash.add(spec.command);
  hash.add(spec.args);
  hash.add(std::to_string(spec.env.size()));
  for (const auto& [name, value] : spec.env) {
    hash.add(name);
    hash.add(value);
  }
  hash.add(spec.cwd);
  hash.add(spec.roots);
  hash.add(std::to_string(static_cast<int>(spec.protocol)));
  return hash.hex();
}

bool allows_tool(const ToolRules& rules, std::string_view tool) noexcept {
  return !matches_any_glob(rules.disabled, tool) &&
         (!rules.enabled || matches_any_glob(*rules.enabled, tool));
}

}  // namespace headrace::discovery
