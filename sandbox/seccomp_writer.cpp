// A program of the build: writes the system call filter, compiled, as a C++ file.
#include <headrace/sandbox/seccomp_program.hpp>

#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>

int main(int argc, char** argv) {
  try {
    if (argc != 2) throw std::runtime_error("usage: headrace_seccomp_writer OUTPUT");
    std::ofstream file(argv[1]);
    file << "// Written by seccomp_writer.cpp.\n"
            "#include <headrace/sandbox/seccomp_program.hpp>\n\n"
            "#include <array>\n\n"
            "namespace headrace::sandbox {\n\n"
            "const std::string& seccomp_program() {\n"
            "  static const std::string program = [] {\n"
            "    constexpr auto bytes = std::to_array<unsigned char>({";
    int column = 0;
    for (const char byte : headrace::sandbox::seccomp_program()) {
      if (column++ % 24 == 0) file << "\n        ";
      file << static_cast<unsigned>(static_cast<unsigned char>(byte)) << ',';
    }
    file << "});\n"
            "    return std::string(bytes.begin(), bytes.end());\n"
            "  }();\n"
            "  return program;\n"
            "}\n\n"
            "}  // namespace headrace::sandbox\n";
    if (!file.flush()) throw std::runtime_error(std::string(argv[1]) + " can't be written");
  } catch (const std::exception& error) {
    std::cerr << "headrace_seccomp_writer: " << error.what() << '\n';
    return 1;
  }
}
