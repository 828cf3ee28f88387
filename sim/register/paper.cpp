#include "sim/register/paper.h"

#include <fmt/core.h>

#include "sim/base/civil.h"
#include "sim/base/codepage.h"
#include "sim/register/tlv.h"

namespace till::sim {
namespace {

using Lines = std::vector<std::string>;

size_t width_of(std::string_view utf8) { return code_points(utf8).size(); }

void centre(Lines& out, std::string_view text) {
  const size_t width = width_of(text);
  const size_t margin = width < kPaperColumns ? (kPaperColumns - width) / 2 : 0;
  out.push_back(std::string(margin, ' ') + std::string(text));
}

// Long text goes on in the next line.
void wrap(Lines& out, std::string_view text) {
  const std::u32string points = code_points(text);
  for (size_t at = 0; at == 0 || at < points.size(); at += kPaperColumns) {
    out.push_back(to_utf8(std::u32string_view(points).substr(at, kPaperColumns)));
  }
}

void both_ends(Lines& out, std::string_view left, std::string_view right) {
  const size_t used = width_of(left) + width_of(right);
  if (used >= kPaperColumns) {
    wrap(out, left);
    const size_t width = width_of(right);
    out.push_back(std::string(width < kPaperColumns ? kPaperColumns - width : 0, ' ') +
                  std::string(right));
    return;
  }
  out.push_back(fmt::format("{}{}{}", left, std::string(kPaperColumns - used, ' '), right));
}

std::string format_date(int64_t seconds) {
  const Civil t = civil_of(seconds);
  return fmt::format("{:02}.{:02}.{:02} {:02}:{:02}", t.day, t.month, t.year % 100, t.hour,
                     t.minute);
}

std::string format_quantity(uint64_t millionths) {
  const uint64_t thousandths = millionths / 1000;
  if (millionths % 1000 != 0) {
    return fmt::format("{}.{:06}", millionths / 1000000, millionths % 1000000);
  }
  return fmt::format("{}.{:03}", thousandths / 1000, thousandths % 1000);
}

const char* operation_name(uint8_t op) {
  static constexpr const char* kNames[] = {"ПРИХОД", "ВОЗВРАТ ПРИХОДА", "РАСХОД",
                                           "ВОЗВРАТ РАСХОДА"};
  return kNames[(op - 1) & 3];
}

const char* tax_system_name(uint8_t bit) {
  switch (bit) {
    case 2:
      return "УСН доход";
    case 4:
      return "УСН доход - расход";
    case 16:
      return "ЕСХН";
    case 32:
      return "ПСН";
    default:
      return "ОСН";
  }
}

std::string text_tag(const Bytes& tags, uint16_t tag) {
  const auto value = find_tag(tags, tag);
  return value ? decode(Codepage::kCp866, *value) : std::string();
}

void head_lines(Lines& out, const DocumentHead& head) {
  centre(out, head.registration.user);
  centre(out, head.registration.address);
  centre(out, head.registration.place);
}

void foot_lines(Lines& out, const DocumentHead& head, uint32_t fpd) {
  both_ends(out, "ЗН ККТ " + head.registration.serial, format_date(head.seconds));
  both_ends(out, "РН ККТ " + head.registration.rnm, "ИНН " + head.registration.inn);
  both_ends(out, "ФН " + head.fn, fmt::format("ФД {}", head.fd));
  both_ends(out, "САЙТ ФНС: www.nalog.gov.ru", fmt::format("ФП {:010}", fpd));
}

void item_lines(Lines& out, const Item& item) {
  if (!item.name.starts_with("//")) wrap(out, item.name);
  both_ends(out,
            fmt::format("   {} x {}", format_quantity(item.quantity), format_money(item.price)),
            "=" + format_money(item.sum));
  const Vat& vat = vat_of_ordinal(item.vat);
  both_ends(out, fmt::format("   {}", vat.label),
            vat.numerator > 0 ? format_money(item.tax_sum) : std::string());
}

void payment_lines(Lines& out, const Closing& closing) {
  const auto& paid = closing.payments;
  int64_t electronic = 0;
  for (size_t i = 1; i <= 12; ++i) electronic += paid.at(i);
  const auto line = [&out](const char* name, int64_t sum) {
    if (sum > 0) both_ends(out, name, "=" + format_money(sum));
  };
  line("НАЛИЧНЫМИ", paid[0] - closing.change);
  line("БЕЗНАЛИЧНЫМИ", electronic);
  line("ПРЕДВАРИТЕЛЬНАЯ ОПЛАТА (АВАНС)", paid[13]);
  line("ПОСЛЕДУЮЩАЯ ОПЛАТА (КРЕДИТ)", paid[14]);
  line("ИНАЯ ФОРМА ОПЛАТЫ", paid[15]);
  if (closing.change > 0) {
    line("ПОЛУЧЕНО", paid[0]);
    line("СДАЧА", closing.change);
  }
}

// Which rate stands behind a slot is known from the items: 20 % or 22 % share one.
const char* slot_label(const Receipt& receipt, size_t slot) {
  static constexpr const char* kDefault[] = {"НДС 20%", "НДС 10%",    "НДС 0%",
                                             "БЕЗ НДС", "НДС 20/120", "НДС 10/110"};
  for (const Item& item : receipt.items) {
    const Vat& vat = vat_of_ordinal(item.vat);
    if (vat.slot == static_cast<int>(slot)) return vat.label;
  }
  return kDefault[slot];
}

void requisite_lines(Lines& out, const Receipt& receipt) {
  if (const auto user = find_tag(receipt.tags, 1084)) {
    const Bytes nested(user->begin(), user->end());
    wrap(out, text_tag(nested, 1085) + ": " + text_tag(nested, 1086));
  }
  if (const auto extra = text_tag(receipt.tags, 1192); !extra.empty()) wrap(out, extra);
  if (const auto to = text_tag(receipt.tags, 1008); !to.empty()) wrap(out, "Покупатель: " + to);
  for (const std::string& line : receipt.text) wrap(out, line);
}

}  // namespace

std::string format_money(int64_t kopecks) {
  return fmt::format("{}.{:02}", kopecks / 100, kopecks % 100);
}

Slip registration_slip(const DocumentHead& head, uint32_t fpd) {
  Slip slip{head.fd, {}, {}};
  head_lines(slip.lines, head);
  centre(slip.lines, "ОТЧЕТ О РЕГИСТРАЦИИ");
  foot_lines(slip.lines, head, fpd);
  return slip;
}

Slip shift_slip(const DocumentHead& head, uint32_t fpd, bool open, const ShiftCounts& counts) {
  Slip slip{head.fd, {}, {}};
  head_lines(slip.lines, head);
  centre(slip.lines, open ? "ОТЧЕТ ОБ ОТКРЫТИИ СМЕНЫ" : "ОТЧЕТ О ЗАКРЫТИИ СМЕНЫ");
  both_ends(slip.lines, "СМЕНА", fmt::format("{}", head.shift));
  if (!open) {
    both_ends(slip.lines, "ЧЕКОВ ЗА СМЕНУ", fmt::format("{}", counts.receipts));
    both_ends(slip.lines, "ФД ЗА СМЕНУ", fmt::format("{}", counts.documents));
    both_ends(slip.lines, "НЕПЕРЕДАННЫХ ФД", fmt::format("{}", counts.unsent));
  }
  both_ends(slip.lines, "КАССИР", head.cashier);
  foot_lines(slip.lines, head, fpd);
  return slip;
}

Slip settlement_slip(const DocumentHead& head, uint32_t fpd, const ShiftCounts& counts) {
  Slip slip{head.fd, {}, {}};
  head_lines(slip.lines, head);
  centre(slip.lines, "ОТЧЕТ О ТЕКУЩЕМ СОСТОЯНИИ РАСЧЕТОВ");
  both_ends(slip.lines, "НЕПЕРЕДАННЫХ ФД", fmt::format("{}", counts.unsent));
  foot_lines(slip.lines, head, fpd);
  return slip;
}

Slip x_report_slip(const DocumentHead& head, const ShiftCounts& counts, int64_t sold) {
  Slip slip{0, {}, {}};
  head_lines(slip.lines, head);
  centre(slip.lines, "X-ОТЧЕТ (БЕЗ ГАШЕНИЯ)");
  both_ends(slip.lines, "СМЕНА", fmt::format("{}", head.shift));
  both_ends(slip.lines, "ЧЕКОВ ЗА СМЕНУ", fmt::format("{}", counts.receipts));
  both_ends(slip.lines, "ПРИХОД ЗА СМЕНУ", "=" + format_money(sold));
  both_ends(slip.lines, "КАССИР", head.cashier);
  both_ends(slip.lines, "ЗН ККТ " + head.registration.serial, format_date(head.seconds));
  return slip;
}

Slip receipt_slip(const DocumentHead& head, uint32_t fpd, const Receipt& receipt,
                  const Closing& closing) {
  Slip slip{head.fd, {}, {}};
  Lines& out = slip.lines;
  const int64_t total = receipt.subtotal() - closing.rounding;
  head_lines(out, head);
  centre(out, receipt.correction ? "КАССОВЫЙ ЧЕК КОРРЕКЦИИ" : "КАССОВЫЙ ЧЕК");
  centre(out, operation_name(receipt.op));
  both_ends(out, fmt::format("СМЕНА {:04}", head.shift), fmt::format("ЧЕК {:04}", head.receipt));
  const std::string cashier = text_tag(receipt.tags, 1021);
  both_ends(out, "КАССИР", cashier.empty() ? head.cashier : cashier);
  out.push_back(std::string(kPaperColumns, '-'));
  for (const Item& item : receipt.items) item_lines(out, item);
  out.push_back(std::string(kPaperColumns, '-'));
  if (closing.rounding > 0) {
    both_ends(out, "ПОДЫТОГ", "=" + format_money(receipt.subtotal()));
    both_ends(out, "ОКРУГЛЕНИЕ", "=" + format_money(closing.rounding));
  }
  both_ends(out, "ИТОГ", "=" + format_money(total));
  payment_lines(out, closing);
  for (size_t i = 0; i < closing.taxes.size(); ++i) {
    if (closing.taxes.at(i) == 0) continue;
    both_ends(out,
              fmt::format("{} {}", i == 2 || i == 3 ? "СУММА" : "В Т.Ч.", slot_label(receipt, i)),
              "=" + format_money(closing.taxes.at(i)));
  }
  both_ends(out, "СНО", tax_system_name(closing.tax_system));
  requisite_lines(out, receipt);
  foot_lines(out, head, fpd);
  const Civil t = civil_of(head.seconds);
  slip.qr =
      fmt::format("t={:04}{:02}{:02}T{:02}{:02}&s={}&fn={}&i={}&fp={}&n={}", t.year, t.month, t.day,
                  t.hour, t.minute, format_money(total), head.fn, head.fd, fpd, receipt.op);
  return slip;
}

}  // namespace till::sim
