// Gives code to tools of other names, and reads what comes back.
#include <headrace/bench/code_rival.hpp>
#include <headrace/framing/json_writer.hpp>

#include <stdexcept>

namespace headrace::bench {

std::vector<CodeRival> start_code_rivals(const Setting& setting) {
  std::vector<CodeRival> rivals;
  for (const Rival& rival : setting.rivals) {
    if (!rival.runs_code) continue;
    CodeRival one{{nullptr, rival.skipped, rival.version}, rival};
    if (rival.skipped.empty()) {
      try {
        one.started.target = std::make_shared<Target>(rival.command);
        one.started.target->initialize();
      } catch (const std::exception& error) {
        one.started.target.reset();
        one.started.skipped = error.what();
      }
    }
    rivals.push_back(std::move(one));
  }
  return rivals;
}

std::string run_code(Target& target, const Rival& rival, const std::string& what) {
  const auto code = rival.code.find(what);
  if (code == rival.code.end()) throw std::runtime_error("it has no code for \"" + what + "\"");
  std::string params;
  framing::JsonWriter writer(params);
  writer.begin_object().member("name", rival.call).key("arguments").begin_object();
  writer.member(rival.argument, code->second).end_object().end_object();
  return target.call(params);
}

Round read_rival_times(std::string_view text) {
  if (text.find('[') != std::string_view::npos) return read_times(text);
  // Others have words round their numbers: the last one is what the code said.
  const std::size_t end = text.find_last_of("0123456789");
  if (end == std::string_view::npos) {
    throw std::runtime_error("no time in: " + std::string(text.substr(0, 200)));
  }
  const std::size_t before = text.find_last_not_of("0123456789.", end);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  return read_times("[" + std::string(text.substr(begin, end + 1 - begin)) + "]");
}

}  // namespace headrace::bench
