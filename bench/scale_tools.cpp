// How cost grows with tools: to read a server's list and make it searchable, and to search.
#include <headrace/bench/figures.hpp>
#include <headrace/bench/fit.hpp>
#include <headrace/bench/sample_catalogue.hpp>
#include <headrace/bench/scale.hpp>
#include <headrace/discovery/search.hpp>

namespace headrace::bench {

void scale_tools(const Setting& setting, Report& report) {
  const std::string folder = setting.scripts + "/../search_quality/";
  const std::vector<SampleServer> sample = read_servers(read_json_file(folder + "catalogue.json"));
  const std::vector<std::string> questions =
      read_questions(read_json_file(folder + "questions.json"));
  const std::vector<std::size_t> counts =
      setting.tiny ? std::vector<std::size_t>{100, 1'000}
                   : std::vector<std::size_t>{100, 1'000, 10'000, 100'000};
  for (const std::size_t count : counts) {
    // A list has an end, so that many tools are many servers'.
    const std::size_t servers = std::max<std::size_t>(1, count / 500);
    std::vector<SampleServer> all = repeated(sample, servers, count);
    std::vector<std::string> results;
    for (const SampleServer& server : all)
      results.push_back(tools_result(server.tools));
    discovery::Catalogue catalogue = make_catalogue(all);
    all.clear();
    Setting fewer = setting;
    if (count > 10'000) fewer.rounds = std::min<std::size_t>(setting.rounds, 3);
    const std::string number = std::to_string(count);
    add_figure(report, fewer, "scale/tools/list/" + number,
               "to read tools/list and make it searchable, all of " + number + " tools", {},
               {{"headrace, in process", Party::headrace, [&] {
                   const Clock::time_point began = Clock::now();
                   for (std::size_t i = 0; i < results.size(); ++i) {
                     const std::string name = catalogue.servers()[i].spec().name;
                     catalogue.set_tools(name, discovery::parse_tools_page(results[i], name).tools);
                   }
                   return one_value(static_cast<double>(nanoseconds_since(began)));
                 }}});
    place_on_curve(report, "scale/tools/list", static_cast<double>(count));
    add_figure(report, fewer, "scale/tools/search/" + number, "a search among " + number + " tools",
               {}, {{"headrace, in process", Party::headrace, [&] {
                       std::size_t turn = 0;
                       discovery::search(catalogue, questions.front(), 5);
                       return timed(counted(setting, questions.size()), [&] {
                         discovery::search(catalogue, questions[turn++ % questions.size()], 5);
                       });
                     }}});
    place_on_curve(report, "scale/tools/search", static_cast<double>(count));
  }
  note_fits(report, "scale/tools/list", "tools");
  note_fits(report, "scale/tools/search", "tools");
}

}  // namespace headrace::bench
