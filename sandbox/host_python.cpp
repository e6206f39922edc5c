// Follows links from `python3` to the installation, and names as little of it as it needs.
#include <headrace/sandbox/host_python.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace headrace::sandbox {
namespace {

namespace fs = std::filesystem;

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto [folder_end, ignored] =
      std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return folder_end == folder.end();
}

bool is_program(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 4> magic{};
  file.read(magic.data(), magic.size());
  return file && std::string_view(magic.data(), magic.size()) ==
                     "\x7f"
                     "ELF";
}

// Every folder on the way lets strangers through, and the file itself lets them run it.
bool others_reach(const fs::path& path) {
  fs::path so_far;
  for (const fs::path& part : path) {
    so_far /= part;
    struct stat status {};
    if (::stat(so_far.c_str(), &status) != 0 || (status.st_mode & S_IXOTH) == 0) return false;
  }
  return true;
}

void add_if_there(std::vector<std::string>& paths, const fs::path& path) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) paths.push_back(path.string());
}

// Only these: a prefix such as ~/.local holds much else.
void add_prefix(std::vector<std::string>& paths, const fs::path& prefix) {
  if (is_below(prefix, "/usr")) return;
  // Package managers that spread one program over many folders of a tree of their own.
  for (const char* tree : {"/nix/store", "/gnu/store", "/home/linuxbrew/.linuxbrew"}) {
    if (is_below(prefix, tree)) {
      paths.emplace_back(tree);
      return;
    }
  }
  for (const char* part : {"bin", "lib", "lib64", "pyvenv.cfg"})
    add_if_there(paths, prefix / part);
}

bool has_library(const fs::path& prefix) {
  std::error_code error;
  for (const char* lib : {"lib", "lib64"}) {
    for (const fs::directory_entry& entry : fs::directory_iterator(prefix / lib, error)) {
      if (entry.path().filename().string().starts_with("python3")) return true;
    }
  }
  return false;
}

}  // namespace

HostPython describe_host_python(const std::string& executable, bool others_only) {
  std::error_code error;
  const fs::path real = fs::canonical(executable, error);
  if (error || ::access(real.c_str(), X_OK) != 0 || !is_program(real)) return {};
  if (others_only && !(others_reach(real) && others_reach(executable))) return {};
  const fs::path prefix = real.parent_path().parent_path();
  if (!has_library(prefix)) return {};
  HostPython python{executable, {}};
  // The way there matters: a virtual environment is known by where its link to Python stands.
  const fs::path named_prefix = fs::path(executable).lexically_normal().parent_path().parent_path();
  if (named_prefix != prefix) {
    if (fs::exists(named_prefix / "pyvenv.cfg", error)) {
      add_prefix(python.paths, named_prefix);
    } else {
      python.executable = real.string();
    }
  }
  add_prefix(python.paths, prefix);
  return python;
}

HostPython find_host_python(const std::string& search_path, bool others_only) {
  std::istringstream directories(search_path + ":/usr/local/bin:/usr/bin");
  for (std::string directory; std::getline(directories, directory, ':');) {
    if (!directory.starts_with('/')) continue;
    HostPython python = describe_host_python(directory + "/python3", others_only);
    if (!python.executable.empty()) return python;
  }
  return {};
}

}  // namespace headrace::sandbox
