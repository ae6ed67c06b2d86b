#include "data/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/file.h"

namespace edgeopt::data {
namespace {

// A pair of 1-bit codes, the shortest there are, gives 258 bytes: 1032 for a byte (zlib's technical
// notes, "Maximum Compression Factor").
constexpr uint64_t kMostBytesPerByte = 1032;
constexpr uint64_t kInMemory = uint64_t{64} << 20;
constexpr size_t kChunk = size_t{1} << 20;

Error Damaged(const char* what) {
  return BadInput(std::string("the compressed data is damaged: ") + what);
}

}  // namespace

struct Inflater::State {
  z_stream stream = {};
  size_t total = 0;    // compressed bytes
  size_t pending = 0;  // of them, not yet handed to zlib, which counts in 32 bits
  Compression compression = Compression::kGzip;
  bool ready = false, ended = false;

  void Feed() {
    if (stream.avail_in > 0 || pending == 0) return;
    stream.avail_in =
        static_cast<uInt>(std::min<size_t>(pending, std::numeric_limits<uInt>::max()));
    pending -= stream.avail_in;
  }
  // A gzip file may be several of them, one behind the other (RFC 1952, section 2.2).
  bool StartNextMember() {
    Feed();
    if (compression != Compression::kGzip || stream.avail_in == 0 || stream.next_in[0] != 0x1F)
      return false;
    ended = false;
    return inflateReset(&stream) == Z_OK;
  }
};

Inflater::Inflater(std::span<const std::byte> compressed, Compression compression)
    : state_(std::make_unique<State>()) {
  constexpr int kWindowBits = 15, kGzipFlag = 16;
  const int bits = compression == Compression::kGzip ? kWindowBits + kGzipFlag : -kWindowBits;
  state_->ready = inflateInit2(&state_->stream, bits) == Z_OK;
  state_->compression = compression;
  state_->total = state_->pending = compressed.size();
  // zlib's pointer is not const unless it is asked for, but it only reads.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
  state_->stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(compressed.data()));
}

Inflater::~Inflater() {
  if (state_->ready) inflateEnd(&state_->stream);
}

Status Inflater::Read(void* target, size_t size) {
  if (!state_->ready) return Internal("zlib can't start");
  z_stream& stream = state_->stream;
  stream.next_out = static_cast<Bytef*>(target);
  while (size > 0) {
    if (state_->ended && !state_->StartNextMember())
      return BadInput("the compressed data ends " + std::to_string(size) +
                      " bytes before what its header promises");
    state_->Feed();
    stream.avail_out = static_cast<uInt>(std::min<size_t>(size, kChunk));
    const size_t asked = stream.avail_out;
    const int code = inflate(&stream, Z_NO_FLUSH);
    size -= asked - stream.avail_out;
    if (code == Z_STREAM_END)
      state_->ended = true;
    else if (code == Z_BUF_ERROR)
      return BadInput("the compressed data is cut off");
    else if (code != Z_OK)
      return Damaged(stream.msg ? stream.msg : "not deflate");
  }
  return OkStatus();
}

Status Inflater::End() {
  if (!state_->ready) return Internal("zlib can't start");
  z_stream& stream = state_->stream;
  while (!state_->ended || state_->StartNextMember()) {
    Bytef more = 0;
    state_->Feed();
    stream.next_out = &more;
    stream.avail_out = 1;
    const int code = inflate(&stream, Z_NO_FLUSH);
    if (stream.avail_out == 0)
      return BadInput("the compressed data is longer than what its header promises");
    if (code == Z_STREAM_END)
      state_->ended = true;
    else if (code == Z_BUF_ERROR)
      return BadInput("the compressed data is cut off");
    else if (code != Z_OK)
      return Damaged(stream.msg ? stream.msg : "not deflate");
  }
  return OkStatus();
}

Result<Buffer> Inflater::ReadBuffer(uint64_t size) {
  if (size / kMostBytesPerByte > state_->total)
    return BadInput(std::to_string(state_->total) + " compressed bytes can't hold the " +
                    std::to_string(size) + " bytes that the header promises");
  if (size <= kInMemory) {
    std::vector<std::byte> bytes(static_cast<size_t>(size));
    EDGEOPT_CHECK_OK(Read(bytes.data(), bytes.size()));
    return Buffer::Own(std::move(bytes));
  }
  EDGEOPT_TRY(const TemporaryFolder folder, TemporaryFolder::Create());
  const auto path = folder.path() / "inflated";
  EDGEOPT_TRY(OutputFile file, OutputFile::Create(path));
  std::vector<std::byte> chunk(kChunk);
  for (uint64_t left = size; left > 0;) {
    const auto part = static_cast<size_t>(std::min<uint64_t>(left, chunk.size()));
    EDGEOPT_CHECK_OK(Read(chunk.data(), part));
    EDGEOPT_CHECK_OK(file.Write(chunk.data(), part));
    left -= part;
  }
  EDGEOPT_CHECK_OK(file.Commit());
  return Buffer::Map(path);  // outlives the file's name, which goes with the folder
}

}  // namespace edgeopt::data
