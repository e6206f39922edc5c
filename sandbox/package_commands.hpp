// The commands by which an engine makes an image with packages, and bubblewrap looks into a folder.
#pragma once

#include <headrace/sandbox/runtime.hpp>

#include <string>
#include <string_view>

namespace headrace::sandbox {

/// What all images with packages are called; the tag is a fingerprint.
inline constexpr std::string_view package_image = "localhost/headrace-packages";

/// Prints an id that changes with the image.
Command image_id_command(const RuntimeFacts& facts, const std::string& image);

/// Runs the installer (`install` or `unpack`, which read from stdin) in a container of its own that
/// has a network, may be written to and stays when it ends. It runs as root: of that container.
Command installing_container(const RuntimeFacts& facts, const SandboxSpec& spec,
                             const std::string& mode);
/// Makes an image of it.
Command commit_command(const RuntimeFacts& facts, const std::string& container,
                       const std::string& image);
Command remove_image_command(const RuntimeFacts& facts, const std::string& image);

/// The installer's `facts` about an image's Python.
Command container_facts_command(const RuntimeFacts& facts, const SandboxSpec& spec);

/// The same of the Python in a folder that is a root file system, and compiling for it what was
/// installed in `packages`.
Command folder_facts_command(const RuntimeFacts& facts, const std::string& folder);
Command folder_compile_command(const RuntimeFacts& facts, const std::string& folder,
                               const std::string& packages);

}  // namespace headrace::sandbox
