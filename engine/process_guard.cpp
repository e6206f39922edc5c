// The guard's script, and how it is told.
#include <headrace/engine/process_guard.hpp>
#include <headrace/engine/spawn.hpp>

#include <cerrno>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace headrace::engine {
namespace {

// One line an entry: ?INODE, +GROUP, -GROUP, =KEY COMMAND, &KEY GROUP, /KEY. Lists are words
// between spaces. We may have died before we could name the group of a child that was being
// started: it is looked for by its stdin, and more than once, since it may not have got that far.
// `ended_by` runs a command until the group's leader has gone by it, and kills only who stays. A
// command may hang: `bounded` ends it after ten seconds, and says so.
constexpr const char* script = R"sh(
trap '' HUP INT QUIT TERM
groups=' '
keys=' '
expected=
without() {
  case $2 in
    *" $1 "*) printf '%s' "${2%%" $1 "*} ${2#*" $1 "}" ;;
    *) printf '%s' "$2" ;;
  esac
}
runs() { case $(ps -o stat= -p "$1" 2>/dev/null) in ''|Z*) return 1 ;; esac; }
bounded() {
  eval "$1 &"
  asked=$! waits=0
  while [ "$waits" -lt 100 ] && runs "$asked"; do
    sleep 0.1
    waits=$((waits + 1))
  done
  ! runs "$asked" || ! kill -KILL "$asked"
}
ended_by() {
  tries=0
  while [ "$tries" -lt 50 ] && runs "$1"; do
    bounded "$2" || tries=50
    tries=$((tries + 1))
    ! runs "$1" || sleep 0.1
  done
  if [ "$tries" -eq 0 ] || runs "$1"; then
    kill -KILL "-$1" 2>/dev/null
    [ "$tries" -gt 50 ] || bounded "$2"
  fi
}
while IFS= read -r line; do
  word=${line#?}
  case $line in
    +*) groups="$groups$word " expected= ;;
    \?*) expected=$word ;;
    -*) groups=$(without "$word" "$groups")
        for key in $keys; do eval "[ \"\$group_$key\" != \"$word\" ] || group_$key="; done ;;
    =*) key=${word%% *}; keys="$keys$key "; eval "command_$key=\${word#* } group_$key=" ;;
    \&*) key=${word%% *}; group=${word#* }; eval "group_$key=$group"
        groups=$(without "$group" "$groups") ;;
    /*) keys=$(without "$word" "$keys"); unset "command_$word" "group_$word" ;;
  esac
done
for group in $groups; do kill -KILL "-$group"; done
tries=0
while [ -n "$expected" ] && [ "$tries" -lt 5 ]; do
  ls -l /proc/[0-9]*/fd/0 2>/dev/null | while IFS= read -r line; do
    case $line in
      *"-> pipe:[$expected]") word=${line#*/proc/}; kill -KILL "-${word%%/*}" 2>/dev/null ;;
    esac
  done
  tries=$((tries + 1))
  sleep 0.1
done
for key in $keys; do
  eval "group=\$group_$key command=\$command_$key"
  if [ -n "$group" ]; then ended_by "$group" "$command" & else bounded "$command" & fi
done
wait
)sh";

std::string shell_quoted(const std::string& word) {
  std::string out = "'";
  for (const char c : word) {
    // A newline would end the entry; no argument of ours holds one.
    if (c == '\'') {
      out += "'\\''";
    } else if (c != '\n') {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace

ProcessGuard::~ProcessGuard() {
  if (pipe_ && !backlog_.empty()) {
    // A removal that got lost would have a stranger killed.
    ::fcntl(pipe_.get(), F_SETFL, 0);
    while (!backlog_.empty() && write_backlog()) {
    }
  }
  pipe_.reset();
  if (pid_ <= 0) return;
  // With empty lists it ends at once; with entries it does its work, and is nobody's to wait for.
  ::waitpid(pid_, nullptr, WNOHANG);
}

void ProcessGuard::prepare() {
  if (!pipe_) start();
}

void ProcessGuard::add_group(pid_t group) {
  send("+" + std::to_string(group));
}

void ProcessGuard::expect_group(std::uint64_t stdin_inode) {
  send("?" + std::to_string(stdin_inode));
}

void ProcessGuard::remove_group(pid_t group) {
  waiting_.erase(group);
  if (pipe_) send("-" + std::to_string(group));
}

void ProcessGuard::add_group_later(pid_t group) {
  if (pipe_) {
    add_group(group);
  } else {
    waiting_.insert(group);
  }
}

void ProcessGuard::add_command(std::string_view key, const std::vector<std::string>& argv) {
  std::string line = "=" + std::string(key);
  for (const std::string& word : argv)
    line += " " + shell_quoted(word);
  send(line + " >/dev/null 2>&1");
}

void ProcessGuard::remove_command(std::string_view key) {
  if (pipe_) send("/" + std::string(key));
}

void ProcessGuard::end_by_command(pid_t group, std::string_view key) {
  send("&" + std::string(key) + " " + std::to_string(group));
}

bool ProcessGuard::start() {
  if (failed_) return false;
  SpawnSpec spec;
  spec.argv = {"/bin/sh", "-c", script};
  spec.environment = own_environment();
  spec.share_stderr = true;
  spec.own_session = true;
  Diagnostics diagnostics;
  std::optional<Spawned> child = spawn(spec, diagnostics);
  if (!child) {
    failed_ = true;
    return false;
  }
  pid_ = child->pid;
  pipe_ = std::move(child->input);
  ::fcntl(pipe_.get(), F_SETFL, O_NONBLOCK);
  for (const pid_t group : waiting_)
    backlog_ += "+" + std::to_string(group) + "\n";
  waiting_.clear();
  return true;
}

void ProcessGuard::send(std::string line) {
  if (!pipe_ && !start()) return;
  backlog_ += line + "\n";
  write_backlog();
}

bool ProcessGuard::write_backlog() {
  const ssize_t size = ::write(pipe_.get(), backlog_.data(), backlog_.size());
  if (size > 0) backlog_.erase(0, static_cast<std::size_t>(size));
  return size > 0 || errno == EINTR;
}

}  // namespace headrace::engine
