// Writes a trace's records: one system call for each batch that was read or written.
#include <headrace/engine/trace.hpp>
#include <headrace/framing/json_writer.hpp>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace headrace::engine {
namespace {

// An outlier's memory is given back.
constexpr std::size_t kept_memory = 64 << 10;

// "2026-07-28T09:30:00.123Z"; without separators for the names of files.
std::string utc_time(bool for_a_name) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::string text(32, '\0');
  const char* const format = for_a_name ? "%Y%m%dT%H%M%S" : "%Y-%m-%dT%H:%M:%S";
  text.resize(std::strftime(text.data(), text.size(), format, &parts));
  const std::string fraction = std::to_string(1000 + ms % 1000).substr(1);
  return text + "." + fraction + "Z";
}

void give_back(std::string& text) {
  if (text.capacity() > kept_memory) {
    text = {};
  } else {
    text.clear();
  }
}

}  // namespace

Trace::Trace(std::filesystem::path path, Fd file, Logger logger, std::uint64_t size_limit)
    : path_(std::move(path)),
      file_(std::move(file)),
      logger_(std::move(logger)),
      size_limit_(size_limit),
      size_left_(size_limit) {}

std::shared_ptr<Trace> Trace::open(const std::filesystem::path& folder, std::string_view version,
                                   Logger logger, std::uint64_t size_limit) {
  // A folder that we make is for its owner alone, as the files are.
  if (::mkdir(folder.c_str(), 0700) != 0 && errno == ENOENT) {
    std::error_code ignored;
    std::filesystem::create_directories(folder.parent_path(), ignored);
    ::mkdir(folder.c_str(), 0700);
  }
  const std::string name = "headrace-" + utc_time(true) + "-" + std::to_string(::getpid());
  std::filesystem::path path = folder / (name + ".jsonl");
  Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600));
  if (!file) {
    const std::error_code why(errno, std::generic_category());
    logger.log(LogLevel::warning, "trace",
               "nothing is traced: '" + path.string() + "' can't be made: " + why.message());
    return nullptr;
  }
  const std::shared_ptr<Trace> trace(
      new Trace(std::move(path), std::move(file), std::move(logger), size_limit));
  std::string record;
  framing::JsonWriter writer(record);
  writer.begin_object().member("trace", 1).member("headrace", version);
  writer.member("pid", ::getpid()).member("began", utc_time(false)).end_object();
  trace->write(record.append("\n"));
  return trace;
}

double Trace::elapsed() const {
  const auto time = std::chrono::steady_clock::now() - begin_;
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  return static_cast<double>(us) / 1e6;
}

void Trace::write(std::string_view records) {
  if (!file_) return;
  if (records.size() > size_left_) {
    stop("it has reached its limit of " + std::to_string(size_limit_ >> 20) + " MiB");
    return;
  }
  size_left_ -= records.size();
  while (!records.empty()) {
    const ssize_t size = ::write(file_.get(), records.data(), records.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) {
      stop(std::error_code(errno, std::generic_category()).message());
      return;
    }
    records.remove_prefix(static_cast<std::size_t>(size));
  }
}

void Trace::stop(std::string_view why) {
  file_.reset();
  logger_.log(LogLevel::warning, "trace",
              "nothing more is written to '" + path_.string() + "': " + std::string(why));
}

TraceTap::TraceTap(std::shared_ptr<Trace> trace, std::string_view peer)
    : trace_(std::move(trace)), peer_(peer), stream_(++trace_->streams_) {}

TraceTap::~TraceTap() {
  on_read_end();
  if (out_.size > 0) end_line(out_, "out", true);
  framing::JsonWriter writer(records_);
  writer.begin_object().member("at", trace_->elapsed()).member("stream", stream_);
  writer.member("peer", peer_).member("closed", true).end_object();
  records_ += '\n';
  flush();
}

void TraceTap::on_read(std::string_view bytes) {
  add(in_, "in", bytes);
  flush();
}

void TraceTap::on_read_end() {
  if (in_.size > 0) end_line(in_, "in", true);
  flush();
}

void TraceTap::on_written(const BufferView& buffers, std::size_t size) {
  for (const asio::const_buffer& buffer : buffers) {
    const std::string_view bytes(static_cast<const char*>(buffer.data()), buffer.size());
    add(out_, "out", bytes.substr(0, size));
    size -= std::min(size, bytes.size());
  }
  flush();
}

void TraceTap::add(Line& line, std::string_view direction, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    line.text.append(part.substr(0, Trace::longest_line - line.text.size()));
    line.size += part.size();
    if (end == std::string_view::npos) return;
    end_line(line, direction, false);
    bytes.remove_prefix(end + 1);
  }
}

void TraceTap::end_line(Line& line, std::string_view direction, bool unfinished) {
  framing::JsonWriter writer(records_);
  writer.begin_object().member("at", trace_->elapsed()).member("stream", stream_);
  writer.member("peer", peer_).member("direction", direction).member("line", line.text);
  if (line.size > line.text.size()) writer.member("size", line.size);
  if (unfinished) writer.member("unfinished", true);
  writer.end_object();
  records_ += '\n';
  give_back(line.text);
  line.size = 0;
  // A batch may be many lines of many bytes.
  if (records_.size() > kept_memory) flush();
}

void TraceTap::flush() {
  if (records_.empty()) return;
  trace_->write(records_);
  give_back(records_);
}

}  // namespace headrace::engine
