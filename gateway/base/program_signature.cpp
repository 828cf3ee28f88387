#include "gateway/base/program_signature.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <fstream>
#include <optional>
#include <sstream>

#include "gateway/base/json.h"
#include "gateway/base/limits.h"

namespace till {
namespace {

namespace json = boost::json;

constexpr std::string_view kWhat = "tillbridge program\n";
constexpr std::size_t kMaxSignatureBytes = 4096;

std::optional<std::string> read_all(const std::string& path, std::size_t most) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::stringstream text;
  text << in.rdbuf();
  if (text.view().size() > most) return std::nullopt;
  return text.str();
}

template <std::size_t N>
bool from_base64(std::string_view text, std::array<unsigned char, N>& bytes) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::size_t size = 0;
  return sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size,
                           nullptr, sodium_base64_VARIANT_ORIGINAL) == 0 &&
         size == N;
}

template <std::size_t N>
std::string base64(const std::array<unsigned char, N>& bytes) {
  std::string text(sodium_base64_ENCODED_LEN(N, sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), N, sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // the terminating zero
  return text;
}

const unsigned char* bytes_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Result<void> sign_program(const std::string& file, const std::string& key_file) {
  if (sodium_init() < 0) return fail(Code::kInternal, "libsodium");
  const auto text = read_all(file, limits::kMaxProgramBytes);
  if (!text) return fail(Code::kBadFile, file);
  const auto key_text = read_all(key_file, kMaxSignatureBytes);
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
  if (!key_text || !from_base64(*key_text, secret)) {
    return fail(Code::kBadFile, key_file + " holds no key");
  }
  const std::string message = std::string(kWhat) + *text;
  std::array<unsigned char, crypto_sign_BYTES> signature{};
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> key{};
  crypto_sign_detached(signature.data(), nullptr, bytes_of(message), message.size(), secret.data());
  crypto_sign_ed25519_sk_to_pk(key.data(), secret.data());
  sodium_memzero(secret.data(), secret.size());
  std::ofstream out(file + ".sig");
  out << json::serialize(
             json::object{{"format", 1}, {"key", base64(key)}, {"signature", base64(signature)}})
      << "\n";
  out.close();
  if (!out) return fail(Code::kBadFile, file + ".sig");
  return {};
}

Result<std::string> verify_program_text(const std::string& text, const std::string& note,
                                        const std::vector<std::string>& keys) {
  if (sodium_init() < 0) return fail(Code::kInternal, "libsodium");
  const auto refuse = [&](const std::string& why) { return fail(Code::kProgramUnsigned, why); };
  const auto root = parse_json(note);
  if (!root) return refuse("the signature can not be read");
  auto in = JsonObject::from(*root, "");
  if (!in) return refuse("the signature can not be read");
  const auto key_text = in->get<std::string>("key");
  const auto signature_text = in->get<std::string>("signature");
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> key{};
  std::array<unsigned char, crypto_sign_BYTES> signature{};
  if (!key_text || !signature_text || !from_base64(*key_text, key) ||
      !from_base64(*signature_text, signature)) {
    return refuse("the signature can not be read");
  }
  if (std::ranges::find(keys, *key_text) == keys.end()) {
    return refuse("it is signed by a key that is not known here: " + *key_text);
  }
  const std::string message = std::string(kWhat) + text;
  if (crypto_sign_verify_detached(signature.data(), bytes_of(message), message.size(),
                                  key.data()) != 0) {
    return refuse("it was changed after it was signed");
  }
  return *key_text;
}

std::optional<std::string> program_note(const std::string& file) {
  return read_all(file + ".sig", kMaxSignatureBytes);
}

bool is_public_key(const std::string& key) {
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> bytes{};
  return from_base64(key, bytes);
}

Result<std::string> verify_program(const std::string& file, const std::vector<std::string>& keys) {
  const auto text = read_all(file, limits::kMaxProgramBytes);
  if (!text) return fail(Code::kBadFile, file);
  const auto note = program_note(file);
  if (!note) return fail(Code::kProgramUnsigned, file + ": there is no " + file + ".sig");
  auto key = verify_program_text(*text, *note, keys);
  if (!key) return fail(key.error().code, file + ": " + key.error().detail);
  return key;
}

}  // namespace till
