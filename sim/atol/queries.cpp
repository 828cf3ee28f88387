// The tasks that only look.
#include <fmt/core.h>

#include "sim/atol/fiscal_printer.h"
#include "sim/atol/receipt_task.h"

namespace till::sim::atol {
namespace {

constexpr int64_t kDaySeconds = 86400;
constexpr int64_t kFnLifeSeconds = 450 * kDaySeconds;

std::string document_type(const FiscalDocument& d) {
  switch (d.type) {
    case 1:
      return "registration";
    case 2:
      return "openShift";
    case 5:
      return "closeShift";
    case 31:
      return "receiptCorrection";
    default:
      return "receipt";
  }
}

}  // namespace

json::object FiscalPrinter::device_status(Ms now) const {
  return {{"deviceStatus", json::object{{"blocked", false},
                                        {"coverOpened", cover_},
                                        {"currentDateTime", iso(seconds(now))},
                                        {"fiscal", true},
                                        {"fnFiscal", true},
                                        {"fnPresent", true},
                                        {"paperPresent", paper_},
                                        {"cashDrawerOpened", false},
                                        {"shift", shift_state(now)}}}};
}

json::object FiscalPrinter::fn_info(Ms now) const {
  const int64_t left = registered_at_ + kFnLifeSeconds - seconds(now);
  return {
      {"fnInfo",
       json::object{
           {"serial", fn_},
           {"livePhase", "fiscalMode"},
           {"ffdVersion", "1.2"},
           {"fnFfdVersion", "1.2"},
           {"numberOfRegistrations", 1},
           {"registrationsRemaining", 29},
           {"validityDate", iso(registered_at_ + kFnLifeSeconds)},
           {"warnings", json::object{{"criticalError", false},
                                     {"memoryOverflow", last_.fd * 10 >= options_.memory_holds * 9},
                                     {"needReplacement", left < 3 * kDaySeconds},
                                     {"ofdTimeout", false},
                                     {"resourceExhausted", left < 30 * kDaySeconds}}}}}};
}

Outcome FiscalPrinter::document(const json::object& task) const {
  const auto* number = task.if_contains("fiscalDocumentNumber");
  boost::system::error_code bad;
  const auto fd = number == nullptr ? 0U : number->to_number<uint32_t>(bad);
  const FiscalDocument* d = bad ? nullptr : memory_.find(fn_, fd);
  if (d == nullptr) return {kFnNoMoreData};
  json::object tlv;
  // In its short form the driver shows the head of a document and nothing of its owner's.
  if (!short_documents_) tlv = render(d->tlv);
  tlv["fiscalDocumentType"] = document_type(*d);
  tlv["short"] = short_documents_;
  if (d->receipt > 0) {
    const std::string t = iso(d->seconds);
    tlv["1054"] = d->op;
    tlv["qr"] = fmt::format("t={}{}{}{}{}&s={}.{:02}&fn={}&i={}&fp={}&n={}", t.substr(0, 4),
                            t.substr(5, 2), t.substr(8, 3), t.substr(11, 2), t.substr(14, 2),
                            d->total / 100, d->total % 100, d->fn, d->fd, d->fpd, d->op);
  }
  json::object result = {{"documentTLV", std::move(tlv)}};
  const auto* raw = task.if_contains("withRawData");
  if (raw != nullptr && raw->is_bool() && raw->get_bool() && !short_documents_) {
    result["rawData"] = base64(d->tlv);
  }
  return {kOk, std::move(result)};
}

Outcome FiscalPrinter::query(Ms now, const std::string& type, const json::object& task) const {
  if (type == "getDeviceStatus") return {kOk, device_status(now)};
  if (type == "getFnInfo") return {kOk, fn_info(now)};
  if (type == "getFnDocument") return document(task);
  if (type == "getDeviceInfo") {
    return {kOk,
            {{"deviceInfo", json::object{{"modelName", "АТОЛ 30Ф"},
                                         {"model", 61},
                                         {"serial", options_.registration.serial},
                                         {"firmwareVersion", "5.8.0"},
                                         {"ffdVersion", "1.2"}}}}};
  }
  if (type == "getShiftStatus") {
    json::object shift = {{"number", shift_}, {"state", shift_state(now)}};
    if (shift_open_) shift["expiredTime"] = iso(shift_opened_at_ + kShiftSeconds);
    return {kOk, {{"shiftStatus", std::move(shift)}}};
  }
  if (type == "getFnStatus") {
    return {kOk,
            {{"fnStatus", json::object{{"fiscalDocumentNumber", last_.fd},
                                       {"fiscalReceiptNumber", receipt_number_}}}}};
  }
  if (type == "ofdExchangeStatus") {
    json::object status = {{"notSentCount", counts().unsent}};
    for (const FiscalDocument& d : memory_.documents()) {
      if (d.fn != fn_) continue;
      status["notSentFirstDocNumber"] = d.fd;
      status["notSentFirstDocDateTime"] = iso(d.seconds);
      break;
    }
    return {kOk, {{"status", std::move(status)}}};
  }
  if (type == "getShiftTotals") {
    const json::object drawer = {{"sum", static_cast<double>(drawer_) / 100}};
    return {kOk, {{"shiftTotals", json::object{{"shiftNumber", shift_}, {"cashDrawer", drawer}}}}};
  }
  return {kParseError};
}

}  // namespace till::sim::atol
