#include "library_register.h"

#include "protocols/atol/tasks.h"

namespace till::atol {
namespace {

constexpr std::uint32_t kPatienceMs = 40000;  // for a register that executes
constexpr std::uint32_t kPollMs = 500;

Result<int> port_number(std::string_view connection) {  // LIBFPTR_PORT_…
  if (connection == "serial") return 0;
  if (connection == "usb") return 1;
  if (connection == "tcp") return 2;
  return fail(Code::kConfigInvalid, "connection");
}

// "192.168.1.10:5555"
Result<void> add_address(const std::string& address, json::object& out) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
    return fail(Code::kConfigInvalid, "address");
  }
  out["IPAddress"] = address.substr(0, colon);
  out["IPPort"] = address.substr(colon + 1);
  return {};
}

}  // namespace

Result<void> LibraryRegister::activate(const json::object& settings) {
  std::string library = "libfptr10.so", connection = "usb", address;
  std::int64_t baud = 115200;
  for (const auto& [key, value] : settings) {
    if (key == "library" && value.is_string()) {
      library = json::value_to<std::string>(value);
    } else if (key == "connection" && value.is_string()) {
      connection = json::value_to<std::string>(value);
    } else if (key == "address" && value.is_string()) {
      address = json::value_to<std::string>(value);
    } else if (key == "baud" && value.is_int64() && value.get_int64() > 0) {
      baud = value.get_int64();
    } else if (!take_unprintable(key, value)) {
      return fail(Code::kConfigInvalid, std::string(key));
    }
  }
  // Model 500: the driver finds out which register it is.
  json::object vendor = {{"Model", 500}, {"Port", TILL_TRY(port_number(connection))}};
  if (connection == "tcp") TILL_CHECK(add_address(address, vendor));
  if (connection == "serial") {
    if (address.empty()) return fail(Code::kConfigInvalid, "address");
    vendor["ComFile"] = address;
    vendor["BaudRate"] = baud;
  }
  if (connection == "usb" && !address.empty()) vendor["UsbDevicePath"] = address;
  library_ = TILL_TRY(Library::load(library));
  return library_->configure(json::serialize(vendor));
}

Result<AtolRegister::Results> LibraryRegister::run(const std::vector<std::string>& tasks) {
  Results out;
  for (const std::string& task : tasks) {
    const std::string answer = TILL_TRY(library_->process_json(task));
    // Tasks without a result may answer with nothing.
    out.push_back(answer.empty() ? json::object() : TILL_TRY(parse_object(answer)));
  }
  return out;
}

Result<json::object> LibraryRegister::run_once(const std::string& task, const std::string&) {
  return std::move(TILL_TRY(run({task})).front());
}

// The call is over when it returns; what may still go on is the register itself, which answers
// nothing or that it is busy while it executes.
Result<void> LibraryRegister::await(const std::string&) {
  for (std::uint32_t waited = 0;; waited += kPollMs) {
    const auto closing = library_->check_document_closed();
    if (closing) return {};
    if (!is_loss(closing.error().code) || waited >= kPatienceMs) {
      return std::unexpected(closing.error());
    }
    if (!sleep(kPollMs)) return fail(Code::kCancelled);
  }
}

Result<void> LibraryRegister::close_off(const std::string&) {
  if (TILL_TRY(library_->check_document_closed()).closed) return {};
  return library_->cancel_receipt();
}

Result<bool> LibraryRegister::finish_paper() {
  const auto closing = TILL_TRY(library_->check_document_closed());
  if (!closing.closed || closing.printed) return true;
  const auto printed = library_->continue_print();
  if (printed) return true;
  if (is_loss(printed.error().code)) return std::unexpected(printed.error());
  return false;
}

}  // namespace till::atol
