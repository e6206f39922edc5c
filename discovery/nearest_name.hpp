// What somebody may have meant who named something that is not there.
#pragma once

#include <span>
#include <string_view>

namespace headrace::discovery {

/// The one of `names` that is most like `wanted`: of the same words (`readFile`, `read-file`), else
/// off by few letters, else one that begins with it or holds it. Empty when none is. The first of
/// equals.
std::string_view nearest_name(std::string_view wanted, std::span<const std::string_view> names);

}  // namespace headrace::discovery
