#include "base/hash.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/buffer.h"

namespace edgeopt {

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr ||
      EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), EVP_sha256(), nullptr) != 1)
    std::abort();
}

Sha256::~Sha256() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }

void Sha256::Update(std::span<const std::byte> bytes) {
  EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), bytes.data(), bytes.size());
}

std::string Sha256::Finish() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), digest, &length);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    text.push_back(kHex[digest[i] >> 4]);
    text.push_back(kHex[digest[i] & 15]);
  }
  return text;
}

std::string Sha256Hex(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.Finish();
}

Result<std::string> Sha256File(const std::filesystem::path& path) {
  constexpr size_t kPart = size_t{16} << 20;  // what is in memory at a time
  EDGEOPT_TRY(const Buffer content, Buffer::Map(path));
  Sha256 hash;
  for (size_t at = 0; at < content.size(); at += kPart) {
    const Buffer part = content.Slice(at, std::min(kPart, content.size() - at));
    hash.Update(part.bytes());
    part.ReleasePages();
  }
  return hash.Finish();
}

}  // namespace edgeopt
