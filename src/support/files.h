#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace mantissa {

/// The whole file as bytes. Throws Error naming the file if it is missing, is not a regular file or
/// cannot be read.
std::string read_file(const std::filesystem::path& path);

/// The whole file, inflated if it begins with the gzip magic. `max_bytes` bounds the inflated size.
/// Throws Error naming the file if it is truncated, corrupt or larger.
std::string read_file_or_gzip(const std::filesystem::path& path, std::size_t max_bytes);

/// Writes a temporary file beside `path`, flushes it to disk and renames it over `path`, so that a
/// reader, a crash or a full disk never meets half a file. Makes missing parent folders.
/// Throws Error (exit code 74) naming the file.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// Throws Error (exit code 2) unless a file can be made at `path`; leaves nothing behind. Called
/// before hours of work whose result goes there.
void require_writable(const std::filesystem::path& path);

/// An append-only file of lines that survives kill -9: each line is on disk when `append` returns.
/// Owns an advisory lock on the file, so that a second writer is refused (Error).
class DurableLog {
 public:
  explicit DurableLog(const std::filesystem::path& path);
  ~DurableLog();
  DurableLog(const DurableLog&) = delete;
  DurableLog& operator=(const DurableLog&) = delete;
  DurableLog(DurableLog&&) = delete;
  DurableLog& operator=(DurableLog&&) = delete;

  /// Appends `line` and a newline in one write, then fdatasync. Throws Error (exit code 74).
  void append(std::string_view line);

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

/// The folder with `formats/`, `scenarios/`, `models/` and `data/`: $MANTISSA_DATA_DIR, else the
/// source tree if the binary was built in one, else `share/mantissa` beside the binary's `bin`.
std::filesystem::path data_directory();

/// Lower-case hex SHA-256 of `bytes`.
std::string sha256_hex(std::string_view bytes);

}  // namespace mantissa
