// Decides which places have to be watched so that any change of some paths is noticed.
#include <headrace/engine/watch_plan.hpp>

#include <deque>
#include <utility>

namespace headrace::engine {
namespace {

using Kind = PathLook::Kind;

// As many as the kernel follows.
constexpr int kMostLinks = 40;

std::string below(const std::string& folder, const std::string& name) {
  return folder == "/" ? folder + name : folder + '/' + name;
}

std::string above(const std::string& folder) {
  const std::size_t slash = folder.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : folder.substr(0, slash);
}

// Puts the parts of a path before those that are left.
void push_parts(std::deque<std::string>& left, std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = path.rfind('/');
    const std::string_view part = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
    if (!part.empty() && part != ".") left.emplace_front(part);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  }
}

void add_path(WatchPlan& plan, const std::string& path, const LookAt& look) {
  std::deque<std::string> left;
  push_parts(left, path);
  std::string folder = "/";
  int links = 0;
  while (!left.empty()) {
    const std::string name = std::move(left.front());
    left.pop_front();
    if (name == "..") {
      folder = above(folder);
      continue;
    }
    std::string here = below(folder, name);
    PathLook found = look(here);
    if (found.kind == Kind::folder) {
      if (left.empty()) plan[folder].names.insert(name);
      plan[here];
      folder = std::move(here);
      continue;
    }
    plan[folder].names.insert(name);
    if (found.kind == Kind::link) {
      if (++links > kMostLinks) return;
      if (found.target.starts_with('/')) folder = "/";
      push_parts(left, found.target);
      continue;
    }
    if (found.kind == Kind::file && left.empty()) plan[here].is_file = true;
    return;
  }
  plan[folder].all = true;
}

}  // namespace

WatchPlan plan_watches(std::span<const std::string> paths, const LookAt& look) {
  WatchPlan plan;
  for (const std::string& path : paths) {
    if (path.starts_with('/')) add_path(plan, path, look);
  }
  return plan;
}

NewsMeaning meaning_of(const WatchedPlace& place, PlaceNews news, std::string_view name) {
  if (news == PlaceNews::gone) return {true, true};
  if (news == PlaceNews::written) return {true, !place.is_file};
  if (place.all || place.names.contains(name)) return {true, true};
  return {};
}

}  // namespace headrace::engine
