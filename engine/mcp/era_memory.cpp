// The memory of eras, and its JSON.
#include <headrace/engine/mcp/dom_members.hpp>
#include <headrace/engine/mcp/era_memory.hpp>
#include <headrace/framing/json_writer.hpp>

#include <array>

#include <simdjson.h>

namespace headrace::engine::mcp {
namespace {

constexpr std::string_view legacy_name = "legacy";
constexpr std::string_view modern_name = "modern";

// FNV-1a: the same in every build, which std::hash need not be.
class Hash {
 public:
  void add(std::string_view text) noexcept {
    for (const char c : text)
      add(static_cast<unsigned char>(c));
    add(0);
  }
  std::string hex() const {
    std::string text;
    for (int shift = 60; shift >= 0; shift -= 4)
      text += "0123456789abcdef"[(value_ >> shift) & 15];
    return text;
  }

 private:
  void add(unsigned char byte) noexcept { value_ = (value_ ^ byte) * 0x100000001b3ULL; }
  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

}  // namespace

std::string EraMemory::key(const std::vector<std::string>& argv, std::string_view cwd) {
  Hash hash;
  hash.add(cwd);
  for (const std::string& argument : argv)
    hash.add(argument);
  return hash.hex();
}

std::optional<Era> EraMemory::find(std::string_view key) const {
  const auto found = eras_.find(key);
  if (found == eras_.end()) return std::nullopt;
  return found->second;
}

void EraMemory::remember(const std::string& key, Era era) {
  const auto found = eras_.find(key);
  if (found != eras_.end() && found->second == era) return;
  // Which one goes does not matter: it is probed when it is met again.
  if (found == eras_.end() && eras_.size() >= most_entries) eras_.erase(eras_.begin());
  eras_[key] = era;
  if (on_change) on_change();
}

void EraMemory::forget(std::string_view key) {
  const auto found = eras_.find(key);
  if (found == eras_.end()) return;
  eras_.erase(found);
  if (on_change) on_change();
}

std::string EraMemory::to_json() const {
  std::string json;
  framing::JsonWriter writer(json);
  writer.begin_object();
  for (const auto& [key, era] : eras_)
    writer.member(key, era == Era::legacy ? legacy_name : modern_name);
  writer.end_object();
  return json;
}

void EraMemory::load(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::object object;
  if (!parse_json(parser, json, root) || root.get(object) != simdjson::SUCCESS) return;
  for (const auto& [key, value] : object) {
    std::string_view name;
    if (eras_.size() >= most_entries || value.get(name) != simdjson::SUCCESS) continue;
    if (name == legacy_name) eras_[std::string(key)] = Era::legacy;
    if (name == modern_name) eras_[std::string(key)] = Era::modern;
  }
}

}  // namespace headrace::engine::mcp
