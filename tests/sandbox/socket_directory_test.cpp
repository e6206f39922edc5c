// The directory that a local docker mounts: private outside, open inside, gone afterwards.
#include <headrace/sandbox/socket_directory.hpp>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace headrace::sandbox {
namespace {

std::string own_name(int number) {
  return sandbox_name("test" + std::to_string(::getpid()), static_cast<std::uint64_t>(number));
}

unsigned mode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777U : 0U;
}

TEST(SocketDirectory, is_private_and_takes_a_connection) {
  std::string root;
  {
    SocketDirectory directory(own_name(1));
    root = std::filesystem::path(directory.path()).parent_path();
    EXPECT_EQ(mode_of(root), 0700U);
    EXPECT_EQ(mode_of(directory.path()), 0755U);
    const std::string socket = directory.path() + '/' + std::string(channel_file);
    EXPECT_EQ(mode_of(socket), 0666U);
    const engine::Fd listener = directory.take_listener();
    const engine::Fd client(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    ASSERT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const engine::Fd accepted(::accept(listener.get(), nullptr, nullptr));
    EXPECT_TRUE(accepted);
  }
  EXPECT_FALSE(std::filesystem::exists(root));
}

TEST(SocketDirectory, leaves_alone_what_is_there_already) {
  const SocketDirectory first(own_name(2));
  EXPECT_THROW(SocketDirectory(own_name(2)), std::runtime_error);
  EXPECT_TRUE(std::filesystem::exists(first.path()));
}

TEST(SocketDirectory, says_so_when_there_is_no_room_for_the_name) {
  EXPECT_THROW(SocketDirectory(std::string(200, 'x')), std::runtime_error);
}

}  // namespace
}  // namespace headrace::sandbox
