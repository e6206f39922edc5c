// Lists the files that servers may be configured in, in order of precedence.
#pragma once

#include <headrace/discovery/config_file.hpp>
#include <headrace/discovery/fault.hpp>
#include <headrace/discovery/source_file.hpp>
#include <headrace/discovery/source_places.hpp>
#include <headrace/discovery/sources.hpp>

#include <map>
#include <string>
#include <vector>

namespace headrace::discovery {

class SourceList {
 public:
  /// `home` is what `~` stands for.
  SourceList(const SourceOptions& options, std::string home);

  /// Looks at the folders, and at the list of trusted workspaces where it changed. No path twice.
  std::vector<SourceFile> files(Faults& faults);

  /// Folders that are listed and files that decide what is listed, whether they are there or not.
  std::vector<std::string> watched_paths() const;

  /// The folder that is worked in, links resolved; empty when it is not known.
  const std::string& workspace() const noexcept { return workspace_; }

 private:
  struct Listing;

  void refresh_trust(Faults& faults);
  const std::vector<std::string>& json_files_in(const std::string& folder, Faults& faults);

  std::vector<std::string> own_folders_;
  std::vector<SourceFile> extra_;
  std::vector<SourcePlace> user_places_;
  std::string workspace_;
  std::vector<SourcePlace> workspace_places_;
  std::string trust_file_;
  FileStamp trust_stamp_;
  bool trust_settled_ = false;
  Faults trust_faults_;
  std::vector<std::string> trusted_;                              // the deepest first
  std::map<std::string, std::vector<std::string>> folder_files_;  // by folder, as last listed
  SourceOptions::Clock clock_;
};

}  // namespace headrace::discovery
