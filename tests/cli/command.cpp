#include "command.h"

#include <algorithm>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/files.h"
#include "support/temporary_folder.h"

namespace mantissa::test {
namespace {

/// Starts the program with its streams in files of `folder`. Returns its process id.
pid_t start(const std::vector<std::string>& arguments, const std::filesystem::path& streams,
            const std::filesystem::path& folder) {
  const std::string program = std::string(MANTISSA_BINARY_DIR) + "/mantissa";
  std::vector<std::string> words = arguments;
  words.insert(words.begin(), program);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child > 0) return child;
  const auto attach = [&](const char* name, int flags, int descriptor) {
    const int file = ::open((streams / name).c_str(), flags | O_CLOEXEC, 0600);
    ::dup2(file, descriptor);
  };
  attach("in", O_RDONLY, STDIN_FILENO);
  attach("out", O_WRONLY | O_CREAT, STDOUT_FILENO);
  attach("err", O_WRONLY | O_CREAT, STDERR_FILENO);
  if (!folder.empty() && ::chdir(folder.c_str()) != 0) ::_exit(126);
  ::execv(program.c_str(), argv.data());
  ::_exit(127);
}

CommandResult finish(pid_t child, const std::filesystem::path& streams) {
  int status = 0;
  ::waitpid(child, &status, 0);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return {code, read_file(streams / "out"), read_file(streams / "err")};
}

std::size_t lines_of(const std::filesystem::path& file) {
  std::error_code status;
  if (!std::filesystem::exists(file, status)) return 0;
  const std::string text = read_file(file);
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

CommandResult run_mantissa(const std::vector<std::string>& arguments, const std::string& input,
                           const std::filesystem::path& folder) {
  const TemporaryFolder streams;
  streams.write("in", input);
  return finish(start(arguments, streams.path(), folder), streams.path());
}

CommandResult run_and_signal(const std::vector<std::string>& arguments, int signal,
                             const std::filesystem::path& file, std::size_t lines) {
  const TemporaryFolder streams;
  streams.write("in", "");
  const pid_t child = start(arguments, streams.path(), {});
  for (int tick = 0; tick < 2000 && lines_of(file) < lines; ++tick)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ::kill(child, signal);
  return finish(child, streams.path());
}

std::string small_scenario() {
  return R"({
  "name": "small",
  "model": "tiny-cnn",
  "data": { "name": "digits", "training_samples": 320, "validation_samples": 160, "test_samples": 100 },
  "training": { "epochs": 1, "batch_size": 32 },
  "search": {
    "population": 4, "generations": 3, "baselines": ["fp32", "amp-bf16"],
    "space": [
      { "roles": ["weight", "activation"], "formats": ["e3m2fin", "e4m3fn", "fp32"] },
      { "roles": ["mac.forward"], "formats": ["e5m7/sr", "fp32"], "tie_layers": true }
    ]
  },
  "compare": { "recipes": ["fp32", "e4m3fn"], "seeds": [1, 2] }
})";
}

std::string comparable_front(const std::filesystem::path& file) {
  nlohmann::json front = nlohmann::json::parse(read_file(file));
  front.erase("run");
  return front.dump();
}

}  // namespace mantissa::test
