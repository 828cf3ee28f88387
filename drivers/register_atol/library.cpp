#include "library.h"

#include <dlfcn.h>

#include <cwchar>
#include <utility>
#include <vector>

#include "protocols/atol/errors.h"
#include "protocols/text/codepage.h"

namespace till::atol {
namespace {

// enum libfptr_param and libfptr_kkt_data_type of the vendor's header.
constexpr int kReceiptType = 65545, kDataType = 65587, kDocumentClosed = 65644, kJsonData = 65645,
              kDocumentPrinted = 65709;
constexpr unsigned kDataReceiptState = 15, kReceiptClosed = 0;
constexpr int kMaxText = 1 << 20;  // characters of one answer

std::wstring wide(const std::string& utf8) {
  const std::u32string points = text::to_code_points(utf8);
  return {points.begin(), points.end()};
}

std::string narrow(const wchar_t* text) {
  std::string out;
  for (; *text != 0; ++text) text::append_utf8(out, static_cast<char32_t>(*text));
  return out;
}

}  // namespace

struct Library::Functions {
  int (*create)(void**) = nullptr;
  void (*destroy)(void**) = nullptr;
  int (*set_settings)(void*, const wchar_t*) = nullptr;
  int (*open)(void*) = nullptr;
  int (*close)(void*) = nullptr;
  int (*is_opened)(void*) = nullptr;
  int (*error_code)(void*) = nullptr;
  int (*error_description)(void*, wchar_t*, int) = nullptr;
  void (*set_param_int)(void*, int, unsigned) = nullptr;
  void (*set_param_str)(void*, int, const wchar_t*) = nullptr;
  unsigned (*get_param_int)(void*, int) = nullptr;
  int (*get_param_bool)(void*, int) = nullptr;
  int (*get_param_str)(void*, int, wchar_t*, int) = nullptr;
  int (*process_json)(void*) = nullptr;
  int (*check_document_closed)(void*) = nullptr;
  int (*query_data)(void*) = nullptr;
  int (*continue_print)(void*) = nullptr;
  int (*cancel_receipt)(void*) = nullptr;

  // The name of the function that is missing; empty when all are there.
  std::string find(void* library) {
    std::string missing;
    const auto take = [&](auto& function, const char* name) {
      const std::string symbol = std::string("libfptr_") + name;
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
          ::dlsym(library, symbol.c_str()));
      if (function == nullptr && missing.empty()) missing = symbol;
    };
    take(create, "create");
    take(destroy, "destroy");
    take(set_settings, "set_settings");
    take(open, "open");
    take(close, "close");
    take(is_opened, "is_opened");
    take(error_code, "error_code");
    take(error_description, "error_description");
    take(set_param_int, "set_param_int");
    take(set_param_str, "set_param_str");
    take(get_param_int, "get_param_int");
    take(get_param_bool, "get_param_bool");
    take(get_param_str, "get_param_str");
    take(process_json, "process_json");
    take(check_document_closed, "check_document_closed");
    take(query_data, "query_data");
    take(continue_print, "continue_print");
    take(cancel_receipt, "cancel_receipt");
    return missing;
  }
};

Library::Library() : call_(std::make_unique<Functions>()) {}

Library::~Library() {
  if (handle_ != nullptr) {
    call_->close(handle_);
    call_->destroy(&handle_);
  }
  // The vendor's library keeps threads of its own: it stays mapped until the process ends.
}

Result<std::unique_ptr<Library>> Library::load(const std::string& path) {
  std::unique_ptr<Library> out(new Library);
  out->library_ = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (out->library_ == nullptr) {
    const char* why = ::dlerror();
    return fail(Code::kPluginNotFound, why == nullptr ? path : why);
  }
  const std::string missing = out->call_->find(out->library_);
  if (!missing.empty()) return fail(Code::kPluginNotFound, path + ": no " + missing);
  if (out->call_->create(&out->handle_) < 0 || out->handle_ == nullptr) {
    out->handle_ = nullptr;
    return fail(Code::kPluginNotFound, path + ": libfptr_create failed");
  }
  return out;
}

Result<void> Library::ended(int result) {
  if (result >= 0) return {};
  const int code = call_->error_code(handle_);
  std::wstring said(256, L'\0');
  const int wanted = call_->error_description(handle_, said.data(), static_cast<int>(said.size()));
  const bool fits = wanted > 0 && wanted <= static_cast<int>(said.size());
  const Error error = to_error(code, fits ? narrow(said.c_str()) : "");
  if (error.code == Code::kPortLost) call_->close(handle_);
  return std::unexpected(error);
}

Result<void> Library::configure(const std::string& settings) {
  if (call_->set_settings(handle_, wide(settings).c_str()) < 0) {
    return fail(Code::kConfigInvalid, "the vendor's driver refuses the connection settings");
  }
  return {};
}

Result<void> Library::connect() {
  if (call_->is_opened(handle_) != 0) return {};
  return ended(call_->open(handle_));
}

std::string Library::text(int parameter) const {
  std::vector<wchar_t> buffer(4096);
  auto size = static_cast<int>(buffer.size());
  const int wanted = call_->get_param_str(handle_, parameter, buffer.data(), size);
  if (wanted > kMaxText) return "";
  if (wanted > size) {
    size = wanted;
    buffer.assign(static_cast<std::size_t>(size), 0);
    call_->get_param_str(handle_, parameter, buffer.data(), size);
  }
  buffer.back() = 0;
  return narrow(buffer.data());
}

Result<std::string> Library::process_json(const std::string& task) {
  TILL_CHECK(connect());
  call_->set_param_str(handle_, kJsonData, wide(task).c_str());
  TILL_CHECK(ended(call_->process_json(handle_)));
  return text(kJsonData);
}

Result<Library::Closing> Library::check_document_closed() {
  TILL_CHECK(connect());
  TILL_CHECK(ended(call_->check_document_closed(handle_)));
  return Closing{call_->get_param_bool(handle_, kDocumentClosed) != 0,
                 call_->get_param_bool(handle_, kDocumentPrinted) != 0};
}

Result<bool> Library::is_receipt_open() {
  TILL_CHECK(connect());
  call_->set_param_int(handle_, kDataType, kDataReceiptState);
  TILL_CHECK(ended(call_->query_data(handle_)));
  return call_->get_param_int(handle_, kReceiptType) != kReceiptClosed;
}

Result<void> Library::continue_print() {
  TILL_CHECK(connect());
  return ended(call_->continue_print(handle_));
}

Result<void> Library::cancel_receipt() {
  TILL_CHECK(connect());
  return ended(call_->cancel_receipt(handle_));
}

}  // namespace till::atol
