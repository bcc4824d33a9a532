#include "support/files.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "support/build_info.h"
#include "support/error.h"

namespace mantissa {
namespace {

namespace fs = std::filesystem;

std::string last_system_error() {
  return std::generic_category().message(errno);
}

Error output_error(const fs::path& path, std::string_view action) {
  return {path.string(), "cannot " + std::string(action) + ": " + last_system_error(), "",
          ExitCode::input_output};
}

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

void write_all(int descriptor, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw output_error(path, "write");
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void make_parent_folders(const fs::path& path) {
  if (!path.has_parent_path()) return;
  std::error_code status;
  fs::create_directories(path.parent_path(), status);
  if (status) {
    throw Error(path.string(), "cannot make its folder: " + status.message(), "",
                ExitCode::input_output);
  }
}

/// Flushes the folder's entry table, without which a renamed file can vanish in a power loss.
void flush_folder(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.get() >= 0) ::fsync(descriptor.get());
}

}  // namespace

std::string read_file(const fs::path& path) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (descriptor.get() < 0) {
    throw Error(path.string(), "cannot be opened: " + last_system_error());
  }
  if (std::error_code status; fs::is_directory(path, status)) {
    throw Error(path.string(), "is a folder, not a file");
  }
  std::string bytes;
  std::array<char, 1 << 16> buffer{};
  while (true) {
    const ssize_t count = ::read(descriptor.get(), buffer.data(), buffer.size());
    if (count == 0) return bytes;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error(path.string(), "cannot be read: " + last_system_error());
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::string read_file_or_gzip(const fs::path& path, std::size_t max_bytes) {
  if (std::error_code status; fs::is_directory(path, status)) {
    throw Error(path.string(), "is a folder, not a file");
  }
  gzFile file = ::gzopen(path.c_str(), "rb");
  if (file == nullptr) throw Error(path.string(), "cannot be opened: " + last_system_error());
  std::string bytes;
  std::array<char, 1 << 16> buffer{};
  int count = 0;
  while ((count = ::gzread(file, buffer.data(), static_cast<unsigned>(buffer.size()))) > 0) {
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
    if (bytes.size() > max_bytes) break;
  }
  int zlib_status = Z_OK;
  ::gzerror(file, &zlib_status);
  const int close_status = ::gzclose(file);
  if (bytes.size() > max_bytes) {
    throw Error(path.string(), "holds more than " + std::to_string(max_bytes) + " bytes");
  }
  if (count < 0 || (zlib_status != Z_OK && zlib_status != Z_STREAM_END) || close_status != Z_OK) {
    throw Error(path.string(), "is truncated or not a valid gzip file");
  }
  return bytes;
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  make_parent_folders(path);
  std::string temporary = path.string() + ".XXXXXX";
  {
    const Descriptor descriptor(::mkostemp(temporary.data(), O_CLOEXEC));
    if (descriptor.get() < 0) throw output_error(path, "write");
    try {
      write_all(descriptor.get(), bytes, path);
      if (::fchmod(descriptor.get(), 0644) != 0 || ::fsync(descriptor.get()) != 0) {
        throw output_error(path, "write");
      }
    } catch (...) {
      ::unlink(temporary.c_str());
      throw;
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const Error error = output_error(path, "replace the file");
    ::unlink(temporary.c_str());
    throw error;
  }
  flush_folder(path);
}

void require_writable(const fs::path& path) {
  std::error_code status;
  if (fs::is_directory(path, status)) {
    throw Error(path.string(), "is a folder, so no file can be written there");
  }
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  fs::path made;  // the topmost folder that was missing
  for (fs::path above = folder; !above.empty() && !fs::exists(above, status);
       above = above.parent_path())
    made = above;
  fs::create_directories(folder, status);
  std::string reason = status ? status.message() : "";
  std::string probe = path.string() + ".XXXXXX";
  if (reason.empty()) {
    const Descriptor descriptor(::mkostemp(probe.data(), O_CLOEXEC));
    if (descriptor.get() < 0) {
      reason = last_system_error();
    } else {
      ::unlink(probe.c_str());
    }
  }
  if (!made.empty()) fs::remove_all(made, status);
  if (!reason.empty()) throw Error(path.string(), "cannot be written: " + reason);
}

DurableLog::DurableLog(const fs::path& path) : path_(path) {
  make_parent_folders(path);
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0) throw output_error(path, "open");
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor_);
    throw Error(path.string(), "another mantissa process is writing here",
                "wait for it, or give this run another output folder");
  }
  // A process that was killed may have left a line without its end; start on a fresh one.
  char last = '\n';
  const off_t size = ::lseek(descriptor_, 0, SEEK_END);
  if (size > 0 && ::pread(descriptor_, &last, 1, size - 1) == 1 && last != '\n') {
    write_all(descriptor_, "\n", path_);
  }
}

DurableLog::~DurableLog() {
  ::close(descriptor_);
}

void DurableLog::append(std::string_view line) {
  std::string bytes(line);
  bytes += '\n';
  write_all(descriptor_, bytes, path_);
  if (::fdatasync(descriptor_) != 0) throw output_error(path_, "flush");
}

fs::path data_directory() {
  // Called from one thread before the run begins.
  if (const char* set = std::getenv("MANTISSA_DATA_DIR"))
    return set;  // NOLINT(concurrency-mt-unsafe)
  std::error_code status;
  if (fs::exists(fs::path(build_info::kSourceDirectory) / "data", status)) {
    return build_info::kSourceDirectory;
  }
  const fs::path binary = fs::read_symlink("/proc/self/exe", status);
  return binary.parent_path().parent_path() / "share" / "mantissa";
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr);
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

}  // namespace mantissa
