// A relay that moves bytes with epoll and looks at none of them: what any proxy costs at least.
//
//   headrace_bench_epoll_relay COMMAND [ARGUMENT]...
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

// From one descriptor to another; full while something waits to be written.
struct way {
  int from;
  int to;
  size_t begin;
  size_t end;
  char buffer[64 << 10];
};

static int events;

static void fail(const char* what) {
  perror(what);
  exit(EXIT_FAILURE);
}

// A way waits either for its reader's bytes or for its writer's room, never for both.
static void wait_for(struct way* way, bool room) {
  struct epoll_event reading = {.events = room ? 0 : EPOLLIN, .data.ptr = way};
  struct epoll_event writing = {.events = room ? EPOLLOUT : 0, .data.ptr = way};
  if (epoll_ctl(events, EPOLL_CTL_MOD, way->from, &reading) != 0) fail("epoll_ctl");
  if (epoll_ctl(events, EPOLL_CTL_MOD, way->to, &writing) != 0) fail("epoll_ctl");
}

static void add(struct way* way) {
  struct epoll_event reading = {.events = EPOLLIN, .data.ptr = way};
  struct epoll_event writing = {.events = 0, .data.ptr = way};
  fcntl(way->from, F_SETFL, fcntl(way->from, F_GETFL) | O_NONBLOCK);
  fcntl(way->to, F_SETFL, fcntl(way->to, F_GETFL) | O_NONBLOCK);
  if (epoll_ctl(events, EPOLL_CTL_ADD, way->from, &reading) != 0) fail("epoll_ctl");
  if (epoll_ctl(events, EPOLL_CTL_ADD, way->to, &writing) != 0) fail("epoll_ctl");
}

// False when nothing more can come or go.
static bool move(struct way* way) {
  const bool was_full = way->begin < way->end;
  if (!was_full) {
    const ssize_t size = read(way->from, way->buffer, sizeof way->buffer);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (size <= 0) return false;
    way->begin = 0;
    way->end = (size_t)size;
  }
  while (way->begin < way->end) {
    const ssize_t size = write(way->to, way->buffer + way->begin, way->end - way->begin);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno != EAGAIN) return false;
    if (size < 0) break;
    way->begin += (size_t)size;
  }
  const bool is_full = way->begin < way->end;
  if (is_full != was_full) wait_for(way, is_full);
  return true;
}

static void start(char** command, int* input, int* output) {
  int to[2];
  int from[2];
  if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) fail("pipe2");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
  pid_t pid;
  errno = posix_spawnp(&pid, command[0], &actions, NULL, command, environ);
  if (errno != 0) fail(command[0]);
  close(to[0]);
  close(from[1]);
  *input = to[1];
  *output = from[0];
}

int main(int argc, char** argv) {
  static struct way requests;
  static struct way answers;
  if (argc < 2) {
    fputs("usage: headrace_bench_epoll_relay COMMAND [ARGUMENT]...\n", stderr);
    return 2;
  }
  start(argv + 1, &requests.to, &answers.from);
  signal(SIGPIPE, SIG_IGN);
  requests.from = STDIN_FILENO;
  answers.to = STDOUT_FILENO;
  events = epoll_create1(EPOLL_CLOEXEC);
  if (events < 0) fail("epoll_create1");
  add(&requests);
  add(&answers);
  for (;;) {
    struct epoll_event ready[4];
    const int count = epoll_wait(events, ready, 4, -1);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < count; ++i) {
      struct way* way = ready[i].data.ptr;
      if (move(way)) continue;
      // The end of the input goes on to the server; the end of its output is ours.
      if (way == &answers) return EXIT_SUCCESS;
      if (way->from < 0) continue;
      epoll_ctl(events, EPOLL_CTL_DEL, way->from, NULL);
      epoll_ctl(events, EPOLL_CTL_DEL, way->to, NULL);
      close(way->from);
      close(way->to);
      way->from = way->to = -1;
    }
  }
}
