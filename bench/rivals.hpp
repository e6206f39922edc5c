// Who else is measured: the folders of bench/rivals/, and commands that are named on the spot.
#pragma once

#include <headrace/bench/setting.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace headrace::bench {

/// The words of a command as a shell would take them apart: spaces, quotes of both kinds, and the
/// backslash. Throws std::runtime_error when a quote is left open.
std::vector<std::string> split_words(std::string_view text);

/// "NAME=command …" or "NAME[tool]=command …"; a word "{server}" becomes the echo server. Throws
/// std::runtime_error when it is neither.
Rival rival_by_command(const std::string& text, const std::string& echo_server);

/// All that `definitions` describes (a folder for each, with rival.json, install and run), as
/// installed below `installed`, in alphabetical order. One that is not there has its reason in
/// `skipped`. Throws std::runtime_error when a description can't be read.
std::vector<Rival> rivals_in(const std::string& definitions, const std::string& installed,
                             const std::string& echo_server);

/// Runs the install scripts of those named, or of all: each below `installed`. How it went goes to
/// stderr. False if one failed; one that can't be had here is no failure.
bool install_rivals(const std::string& definitions, const std::string& installed,
                    const std::vector<std::string>& names);

}  // namespace headrace::bench
