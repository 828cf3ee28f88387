// Vectors after the vendor's driver 10: what tasks look like and how answers are read.
#include <gtest/gtest.h>

#include "errors.h"
#include "results.h"
#include "sdk/cpp/base/base64.h"
#include "sdk/cpp/ru_ffd.h"
#include "tasks.h"

namespace till::atol {
namespace {

FiscalReceipt coffee() {
  FiscalReceipt r;
  r.witness = "A1/1";
  r.lines = {{.name = "Кофе \"Арабика\"",
              .price = {10050},
              .quantity = {1500},
              .sum = {15075},
              .tax = *ru_ffd::tax_of_1199(11)}};
  r.payments = {{Tender::kCash, {20000}}};
  r.total = {15075};
  return r;
}

json::object parsed(const std::string& text) { return json::parse(text).as_object(); }

TEST(AtolTask, AReceiptToTheLetter) {
  auto r = coffee();
  r.cashier = {"Анна", "500100732259"};
  r.contact = "+79161234567";
  r.ru_ffd.tax_system_1055 = 1;
  EXPECT_EQ(
      *receipt_task(r),
      R"({"type":"sell","taxationType":"osn","operator":{"name":"Анна","vatin":"500100732259"},)"
      R"("clientInfo":{"emailOrPhone":"+79161234567"},"items":[{"type":"position",)"
      R"("name":"Кофе \"Арабика\"","price":100.50,"quantity":1.500,"amount":150.75,)"
      R"("measurementUnit":0,"paymentMethod":"fullPayment","paymentObject":1,)"
      R"("tax":{"type":"vat22"}},{"type":"userAttribute","name":"Tillbridge","value":"A1/1",)"
      R"("print":true}],"payments":[{"type":"cash","sum":200.00}],"total":150.75})");
}

TEST(AtolTask, EveryKindAndItsCorrection) {
  const char* const kNames[] = {"sell", "sellReturn", "buy", "buyReturn"};
  for (int k = 0; k < 4; ++k) {
    auto r = coffee();
    r.kind = static_cast<FiscalKind>(k);
    EXPECT_EQ(parsed(*receipt_task(r)).at("type"), kNames[k]);
    r.correction = Correction{k % 2 == 1, "2026-11-22", "7-1"};
    const auto task = parsed(*receipt_task(r));
    EXPECT_EQ(json::value_to<std::string>(task.at("type")), kNames[k] + std::string("Correction"));
    EXPECT_EQ(task.at("correctionType"), k % 2 == 1 ? "instruction" : "self");
    EXPECT_EQ(task.at("correctionBaseDate"), "2026.11.22");
    EXPECT_EQ(task.at("correctionBaseNumber"), "7-1");
  }
}

TEST(AtolTask, TaxesTendersAndTaxSystems) {
  const char* const kTaxes[] = {"vat20", "vat10", "vat120", "vat110", "vat0",  "none",
                                "vat5",  "vat7",  "vat105", "vat107", "vat22", "vat122"};
  auto r = coffee();
  for (int t = 1; t <= 12; ++t) {
    r.lines[0].tax = *ru_ffd::tax_of_1199(t);
    const auto task = parsed(*receipt_task(r));
    EXPECT_EQ(task.at("items").at(0).at("tax").at("type"), kTaxes[t - 1]);
  }
  r.lines[0].tax = {TaxKind::kRate, {1300}};
  EXPECT_EQ(receipt_task(r).error().code, Code::kOutOfRange);
  r = coffee();
  r.payments = {{Tender::kCash, {1}},
                {Tender::kElectronic, {2}},
                {Tender::kPrepaid, {3}},
                {Tender::kCredit, {4}},
                {Tender::kCounterProvision, {5}}};
  const char* const kTenders[] = {"cash", "electronically", "prepaid", "credit", "other"};
  const auto task = parsed(*receipt_task(r));
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(task.at("payments").at(i).at("type"), kTenders[i]);
  }
  const std::pair<int, const char*> kSystems[] = {
      {1, "osn"}, {2, "usnIncome"}, {4, "usnIncomeOutcome"}, {16, "esn"}, {32, "patent"}};
  for (const auto& [bit, name] : kSystems) {
    r.ru_ffd.tax_system_1055 = bit;
    EXPECT_EQ(parsed(*receipt_task(r)).at("taxationType"), name);
  }
  r.ru_ffd.tax_system_1055 = 3;
  EXPECT_EQ(receipt_task(r).error().code, Code::kOutOfRange);
  r = coffee();
  r.lines[0].ru_ffd.payment_method_1214 = 8;
  EXPECT_EQ(receipt_task(r).error().code, Code::kOutOfRange);
}

TEST(AtolTask, MarkedGoodsAndDiscounts) {
  auto r = coffee();
  r.lines[0].marking_code =
      "010460\x1d"
      "93";
  r.lines[0].discount = {500};
  auto item = parsed(*receipt_task(r)).at("items").at(0);
  EXPECT_EQ(item.at("imcParams").at("imc"), "MDEwNDYwHTkz");
  EXPECT_EQ(parsed(*receipt_task(r)).at("validateMarkingCodes"), true);
  EXPECT_FALSE(parsed(*receipt_task(coffee())).contains("validateMarkingCodes"));
  EXPECT_EQ(item.at("imcParams").at("itemEstimatedStatus"), "itemPieceSold");
  EXPECT_EQ(item.at("infoDiscountAmount").to_number<double>(), 5);
  r.kind = FiscalKind::kSaleReturn;
  item = parsed(*receipt_task(r)).at("items").at(0);
  EXPECT_EQ(item.at("imcParams").at("itemEstimatedStatus"), "itemPieceReturn");
}

TEST(AtolTask, TheOthers) {
  EXPECT_EQ(task("getFnStatus"), R"({"type":"getFnStatus"})");
  EXPECT_EQ(operator_task("openShift", {}), R"({"type":"openShift"})");
  EXPECT_EQ(operator_task("closeShift", {"Анна", ""}),
            R"({"type":"closeShift","operator":{"name":"Анна"}})");
  EXPECT_EQ(cash_task(true, {100050}, {}), R"({"type":"cashIn","cashSum":1000.50})");
  EXPECT_EQ(cash_task(false, {5}, {}), R"({"type":"cashOut","cashSum":0.05})");
  EXPECT_EQ(document_task(17),
            R"({"type":"getFnDocument","fiscalDocumentNumber":17,"withRawData":true})");
  EXPECT_EQ(*clock_task("2026-11-22T12:05:30"),
            R"({"type":"setDateTime","dateTime":"2026.11.22 12:05:30"})");
  for (const char* bad : {"", "2026-11-22", "2026-11-22 12:05:30", "2026-11-22T12:05:3x"}) {
    EXPECT_EQ(clock_task(bad).error().code, Code::kBadValue) << bad;
  }
}

TEST(AtolBase64, ThereAndBack) {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    EXPECT_EQ(as_text(*from_base64(to_base64(as_bytes(text)))), text);
  }
  EXPECT_EQ(to_base64(as_bytes("fooba")), "Zm9vYmE=");
  EXPECT_FALSE(from_base64("Zm9*"));
}

TEST(AtolResult, OfAReceipt) {
  const auto d = read_fiscal(parsed(
      R"({"fiscalParams":{"fiscalDocumentNumber":14,"fiscalDocumentSign":"2982983015",)"
      R"("fiscalDocumentDateTime":"2026-11-22T12:05:00+03:00","fiscalReceiptNumber":3,)"
      R"("shiftNumber":12,"fnNumber":"9999078900005488","registrationNumber":"0000000001002292",)"
      R"("total":150.75,"fnsUrl":"www.nalog.gov.ru"},"warnings":{"notPrinted":true}})"));
  ASSERT_TRUE(d) << d.error().detail;
  EXPECT_EQ(d->number, 14U);
  EXPECT_EQ(d->sign, 2982983015U);
  EXPECT_EQ(d->fiscal_memory, "9999078900005488");
  EXPECT_EQ(d->shift, 12U);
  EXPECT_EQ(d->receipt, 3U);
  EXPECT_EQ(d->time, "2026-11-22T12:05");
  EXPECT_EQ(d->total.minor, 15075);
  EXPECT_FALSE(d->printed);
  EXPECT_EQ(read_fiscal(parsed(R"({"fiscalParams":{}})")).error().code, Code::kBadFrame);
  EXPECT_EQ(read_fiscal({}).error().code, Code::kBadFrame);
}

TEST(AtolResult, OfTheStates) {
  const auto shift = read_shift_status(parsed(
      R"({"shiftStatus":{"expiredTime":"2026-11-23T09:00:00+03:00","number":5,"state":"opened"}})"));
  EXPECT_EQ(shift->state, "open");
  EXPECT_EQ(shift->number, 5U);
  EXPECT_EQ(shift->expires, "2026-11-23T09:00");
  const auto device = read_device_status(
      parsed(R"({"deviceStatus":{"blocked":false,"coverOpened":true,"currentDateTime":)"
             R"("2026-11-22T12:05:09+03:00","fiscal":true,"fnFiscal":true,"fnPresent":true,)"
             R"("paperPresent":false,"cashDrawerOpened":false,"shift":"expired"}})"));
  EXPECT_TRUE(device->cover_open);
  EXPECT_FALSE(device->paper);
  EXPECT_EQ(device->shift, "expired");
  EXPECT_EQ(device->time, "2026-11-22T12:05");
  const auto memory = read_fn_info(
      parsed(R"({"fnInfo":{"serial":"9999078900005488","livePhase":"fiscalMode",)"
             R"("validityDate":"2028-03-01T00:00:00+03:00","warnings":{"criticalError":false,)"
             R"("memoryOverflow":true,"needReplacement":false,"ofdTimeout":true}}})"));
  EXPECT_EQ(memory->serial, "9999078900005488");
  EXPECT_EQ(memory->phase, "operating");
  EXPECT_EQ(memory->expires, "2028-03-01");
  EXPECT_EQ(memory->warning, "memory is nearly full, the OFD has not answered for long");
  EXPECT_EQ(*read_fn_status(parsed(R"({"fnStatus":{"fiscalDocumentNumber":77}})")), 77U);
  const auto ofd =
      read_ofd_status(parsed(R"({"status":{"notSentCount":2,"notSentFirstDocNumber":70,)"
                             R"("notSentFirstDocDateTime":"2026-11-20T08:00:00+03:00"}})"));
  EXPECT_EQ(ofd->unsent, 2U);
  EXPECT_EQ(ofd->oldest, "2026-11-20T08:00");
  EXPECT_EQ(
      read_device_info(parsed(R"({"deviceInfo":{"modelName":"АТОЛ 30Ф","serial":"7"}})"))->model,
      "АТОЛ 30Ф");
  EXPECT_EQ(read_cash(parsed(R"({"shiftTotals":{"cashDrawer":{"sum":1000.1}}})"))->minor, 100010);
  EXPECT_EQ(read_cash(parsed(R"({"shiftTotals":{"cashDrawer":{"sum":1e300}}})")).error().code,
            Code::kBadFrame);
}

// 1054 = 1, 1020 = 15075, 1038 = 12, 1042 = 3, 1077 = 0000 44332211h, 1084{1085, 1086 "A1/1"}.
const std::string kTags =
    "1e04 0100 01  fc03 0200 e33a  0e04 0400 0c000000  1204 0400 03000000"
    "3504 0600 000044332211  3c04 1600 3d04 0a00 54696c6c627269646765 3e04 0400 41312f31";

std::string document(const std::string& members, const std::string& raw_hex) {
  std::string hex;
  for (const char c : raw_hex) hex += c == ' ' ? "" : std::string(1, c);
  return R"({"documentTLV":{"fiscalDocumentType":"receipt","short":false,"1040":14)" + members +
         "}" + (hex.empty() ? "" : R"(,"rawData":")" + to_base64(from_hex(hex)) + "\"") + "}";
}

TEST(AtolDocument, TheBytesDecide) {
  for (const std::string& raw : {kTags, "0300 3f00" + kTags}) {  // also wrapped in its type
    const auto d = read_document(parsed(document("", raw)), 14);
    ASSERT_TRUE(d) << d.error().detail;
    EXPECT_EQ(d->kind, "sale");
    EXPECT_EQ(d->total.minor, 15075);
    EXPECT_EQ(d->shift, 12U);
    EXPECT_EQ(d->receipt, 3U);
    EXPECT_EQ(d->sign, 0x44332211U);
    EXPECT_EQ(d->witness, "A1/1");
    EXPECT_TRUE(d->witness_readable);
  }
}

TEST(AtolDocument, BytesWithoutTheTagProveThatThereIsNone) {
  const auto d = read_document(parsed(document("", "1e04 0100 02  fc03 0100 64")), 14);
  EXPECT_TRUE(d->witness_readable);
  EXPECT_EQ(d->witness, "");
  EXPECT_EQ(d->kind, "sale_return");
}

TEST(AtolDocument, TheRenderingWhereThereAreNoBytes) {
  const std::string qr =
      R"(,"qr":"t=20261122T1205&s=150.75&fn=9999078900005488&i=14&fp=77&n=1","1054":1)";
  for (const std::string extra :
       {R"(,"1084":{"1085":"Tillbridge","1086":"A1/1"})", R"(,"1084":[{"1086":"A1/1"}])"}) {
    const auto d = read_document(parsed(document(qr + extra, "")), 14);
    EXPECT_TRUE(d->witness_readable);
    EXPECT_EQ(d->witness, "A1/1");
    EXPECT_EQ(d->total.minor, 15075);
    EXPECT_EQ(d->sign, 77U);
    EXPECT_EQ(d->fiscal_memory, "9999078900005488");
    EXPECT_EQ(d->time, "2026-11-22T12:05");
  }
  // No 1084 in a rendering proves nothing: who knows what the driver leaves out.
  EXPECT_FALSE(read_document(parsed(document(qr, "")), 14)->witness_readable);
  EXPECT_FALSE(read_document(parsed(document(qr, "ffff")), 14)->witness_readable);
}

TEST(AtolDocument, AShortOneShowsNoWitness) {
  auto text = document("", kTags);
  text.replace(text.find("false"), 5, "true");
  const auto d = read_document(parsed(text), 14);
  EXPECT_FALSE(d->witness_readable);
  EXPECT_EQ(d->total.minor, 15075);
}

TEST(AtolDocument, KindsAndStrangers) {
  const std::pair<const char*, const char*> kKinds[] = {
      {"openShift", "shift_open"},
      {"closeShift", "shift_close"},
      {"registration", "other"},
      {"bso", "purchase"},
      {"receiptCorrection", "purchase_correction"}};
  for (const auto& [type, kind] : kKinds) {
    auto text = document(R"(,"1054":"3")", "");
    text.replace(text.find("\"receipt\""), 9, "\"" + std::string(type) + "\"");
    EXPECT_EQ(read_document(parsed(text), 14)->kind, kind);
  }
  EXPECT_EQ(read_document(parsed(document("", kTags)), 15).error().code, Code::kBadFrame);
}

TEST(AtolError, TheTableIsSortedAndSpeaksBothLanguages) {
  int before = 0;
  for (const DeviceError& e : all_device_errors()) {
    EXPECT_GT(e.code, before);
    EXPECT_FALSE(e.en.empty());
    EXPECT_FALSE(e.ru.empty());
    EXPECT_EQ(device_error(e.code), &e);
    before = e.code;
  }
  EXPECT_EQ(device_error(7777), nullptr);
}

TEST(AtolError, MeansOneOfOurs) {
  const std::pair<int, Code> kCodes[] = {
      {2, Code::kPortLost},      {241, Code::kPortLost},        {55, Code::kTimeout},
      {44, Code::kPaperOut},     {45, Code::kCoverOpen},        {68, Code::kShiftTooLong},
      {73, Code::kShiftClosed},  {82, Code::kDocumentOpen},     {123, Code::kNoSuchDocument},
      {121, Code::kMemoryEnded}, {120, Code::kMemoryEnded},     {137, Code::kMemoryEnded},
      {47, Code::kPrinterError}, {71, Code::kRegisterPassword}, {9999, Code::kRegisterRefused}};
  for (const auto& [device, code] : kCodes) {
    EXPECT_EQ(to_error(device).code, code) << device;
    EXPECT_EQ(to_error(device).vendor, std::to_string(device));
  }
  EXPECT_EQ(to_error(9999, "said").detail, "said");
  EXPECT_EQ(to_error(44, "said").detail, "out of paper");
}

}  // namespace
}  // namespace till::atol
