#include "devices/ssh_host.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

namespace edgeopt::devices {
namespace fs = std::filesystem;
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kConnectSeconds[] = "ConnectTimeout=10";
// 5 s times 5: shorter would end connections over a busy radio link.
constexpr char kAliveSeconds[] = "ServerAliveInterval=5", kAliveCount[] = "ServerAliveCountMax=5";
// Name, connection and log-in, also of a slow board that is just booting.
constexpr seconds kPatienceToConnect(60);
// Without a byte of output: the slowest script hashes some hundred megabytes from an SD card.
constexpr seconds kPatienceToAnswer(600);
constexpr seconds kPatienceToEnd(2);
constexpr size_t kPieceBytes = 256 * 1024;

// The socket's name may have about 100 bytes (sockaddr_un), to which ssh appends 17.
constexpr size_t kLongestFolder = 60;
constexpr char kSocket[] = "s";

// What the shared connection runs there: it says that it is up, then waits for our end of the pipe.
constexpr char kConnected[] = "edgeopt: connected";
constexpr char kHold[] = "echo 'edgeopt: connected'; exec cat >/dev/null";

// ssh replaces %h and the like in the socket's path.
bool IsPlainPath(const std::string& path) {
  return path.size() <= kLongestFolder &&
         std::all_of(path.begin(), path.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 ||
                  std::string_view("/._-").find(static_cast<char>(c)) != std::string_view::npos;
         });
}

Result<TemporaryFolder> SocketFolder() {
  std::error_code error;
  const fs::path usual = fs::temp_directory_path(error);
  return TemporaryFolder::Create(!error && IsPlainPath(usual.string()) ? usual : "/tmp");
}

// The login shell, which may be any (fish, csh), only starts the POSIX shell.
std::string RemoteLine(std::string_view script, const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {"sh", "-c", "LC_ALL=C; export LC_ALL; " + std::string(script),
                                    "edgeopt"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return "exec " + QuoteForShell(words);
}

Error WithoutSsh(const Error& error) {
  return Unavailable(error.message, "install OpenSSH's client (Debian: openssh-client)");
}

}  // namespace

SshHost::SshHost(SshAddress address, SshOptions options, TemporaryFolder folder)
    : address_(std::move(address)), options_(std::move(options)), folder_(std::move(folder)) {}

Result<std::shared_ptr<SshHost>> SshHost::Connect(SshAddress address, SshOptions options) {
  EDGEOPT_TRY(TemporaryFolder folder, SocketFolder());
  std::shared_ptr<SshHost> host(
      new SshHost(std::move(address), std::move(options), std::move(folder)));
  EDGEOPT_CHECK_OK(host->OpenMaster());
  return host;
}

SshHost::~SshHost() {
  if (!master_) return;
  master_->CloseInput();
  (void)master_->Wait(kPatienceToEnd);  // else it is killed
}

// What the user's configuration may say that would get in the way is overruled.
std::vector<std::string> SshHost::Base() const {
  std::vector<std::string> argv = {options_.program};
  argv.insert(argv.end(), options_.arguments.begin(), options_.arguments.end());
  for (const char* option :
       {"BatchMode=yes", kConnectSeconds, kAliveSeconds, kAliveCount, "LogLevel=INFO",
        "ClearAllForwardings=yes", "RemoteCommand=none", "PermitLocalCommand=no"}) {
    argv.emplace_back("-o");
    argv.emplace_back(option);
  }
  for (const char* word : {"-T", "-a", "-x", "-S"}) argv.emplace_back(word);
  argv.push_back((folder_.path() / kSocket).string());
  if (address_.port > 0) {
    argv.emplace_back("-p");
    argv.push_back(std::to_string(address_.port));
  }
  return argv;
}

std::vector<std::string> SshHost::Argv(std::string_view script,
                                       const std::vector<std::string>& arguments) const {
  std::vector<std::string> argv = Base();
  for (const std::string& word : {std::string("-o"), std::string("ControlMaster=no"),
                                  std::string("--"), address_.destination})
    argv.push_back(word);
  argv.push_back(RemoteLine(script, arguments));
  return argv;
}

Status SshHost::OpenMaster() {
  std::vector<std::string> argv = Base();
  for (const std::string& word : {std::string("-o"), std::string("ControlMaster=yes"),
                                  std::string("-o"), std::string("ControlPersist=no"),
                                  std::string("--"), address_.destination, RemoteLine(kHold, {})})
    argv.push_back(word);
  auto started = Subprocess::Start({.argv = std::move(argv)});
  if (!started.ok()) return WithoutSsh(started.error());
  Subprocess master = std::move(started).value();
  const auto line = master.ReadLine(kPatienceToConnect);
  if (!line.ok())
    return Unavailable("'" + address_.text + "' did not answer within " +
                           std::to_string(kPatienceToConnect.count()) + " s",
                       "see whether '" + address_.Command() + "' works");
  if (!line->has_value()) {
    const auto status = master.Wait(kPatienceToEnd);
    if (status.ok() && status->signal == 0 && status->code != kSshFailed)
      return Unavailable("'" + address_.text + "' runs no commands: " + status->ToString() + " " +
                             master.error_output(),
                         "the account there needs a shell, and sh on its path");
    return ExplainSsh(address_, master.error_output());
  }
  // It would stand between the agent's answers.
  if (**line != kConnected)
    return Unavailable("the shell of '" + address_.text + "' prints something at every start: '" +
                           line->value().substr(0, 100) + "'",
                       "silence its start-up file (~/.bashrc) where no terminal is attached");
  const std::lock_guard lock(mutex_);
  master_.emplace(std::move(master));
  return OkStatus();
}

bool SshHost::MasterEnded() { return !master_ || master_->Wait(milliseconds(0)).ok(); }

Status SshHost::Reconnect() {
  {
    const std::lock_guard lock(mutex_);
    if (!MasterEnded()) return OkStatus();
    master_.reset();
  }
  std::error_code error;
  fs::remove(folder_.path() / kSocket, error);  // what a killed ssh leaves
  return OpenMaster();
}

Error SshHost::Explain(std::string_view error_output) {
  const std::lock_guard lock(mutex_);
  std::string told(error_output);
  // A command's own ssh only sees its socket break.
  if (master_ && master_->Wait(seconds(1)).ok()) told += master_->error_output();
  return ExplainSsh(address_, told);
}

Result<CommandOutput> SshHost::Run(std::string_view script,
                                   const std::vector<std::string>& arguments,
                                   std::span<const std::byte> input,
                                   const std::function<void(size_t)>& sent) {
  auto started = Subprocess::Start({.argv = Argv(script, arguments)});
  if (!started.ok()) return WithoutSsh(started.error());
  Subprocess child = std::move(started).value();
  for (size_t offset = 0; offset < input.size(); offset += kPieceBytes) {
    const auto piece = input.subspan(offset, std::min(kPieceBytes, input.size() - offset));
    const std::string_view text(reinterpret_cast<const char*>(piece.data()), piece.size());
    if (!child.Write(text).ok()) break;  // how it ended says why
    if (sent) sent(offset + piece.size());
  }
  child.CloseInput();
  CommandOutput output;
  while (true) {
    auto line = child.ReadLine(kPatienceToAnswer);
    if (!line.ok()) return line.error().Within("'" + address_.text + "'");
    if (!line->has_value()) break;
    output.out += **line + "\n";
  }
  EDGEOPT_TRY(output.status, child.Wait(kPatienceToAnswer));
  output.err = child.error_output();
  if (output.status.signal != 0)
    return Unavailable("ssh to '" + address_.text + "' was " + output.status.ToString());
  if (output.status.code == kSshFailed) return Explain(output.err);
  return output;
}

}  // namespace edgeopt::devices
