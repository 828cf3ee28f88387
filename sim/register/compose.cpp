#include "sim/register/compose.h"

#include <algorithm>
#include <numeric>

#include "sim/base/civil.h"
#include "sim/register/tlv.h"

namespace till::sim {
namespace {

constexpr std::array<Vat, 12> kVats = {{
    {0x01, 1, 0, 20, 120, "НДС 20%"},
    {0x02, 2, 1, 10, 110, "НДС 10%"},
    {0x10, 3, 4, 20, 120, "НДС 20/120"},
    {0x20, 4, 5, 10, 110, "НДС 10/110"},
    {0x04, 5, 2, 0, 1, "НДС 0%"},
    {0x08, 6, 3, 0, 1, "БЕЗ НДС"},
    {0x81, 7, -1, 5, 105, "НДС 5%"},
    {0x82, 8, -1, 7, 107, "НДС 7%"},
    {0x84, 9, -1, 5, 105, "НДС 5/105"},
    {0x88, 10, -1, 7, 107, "НДС 7/107"},
    {0x00, 11, 0, 22, 122, "НДС 22%"},
    {0x00, 12, 4, 22, 122, "НДС 22/122"},
}};

constexpr Civil kRaise{2026, 1, 1, 0, 0, 0};

uint32_t crc32(View bytes, uint32_t crc) {
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return crc;
}

void put_head(TlvWriter& out, const DocumentHead& head, const Bytes& tags) {
  out.text(1041, head.fn, 16);
  out.number(1040, head.fd, 4);
  out.text(1037, head.registration.rnm, 20);
  out.text(1018, head.registration.inn, 12);
  out.text(1048, head.registration.user);
  out.text(1009, head.registration.address);
  out.text(1187, head.registration.place);
  out.number(1012, static_cast<uint32_t>(head.seconds), 4);
  if (head.shift > 0) out.number(1038, head.shift, 4);
  if (!find_tag(tags, 1021)) out.text(1021, head.cashier);
}

void put_sums(TlvWriter& out, int64_t total, const Closing& closing) {
  const auto& paid = closing.payments;
  int64_t electronic = 0;
  for (size_t i = 1; i <= 12; ++i) electronic += paid.at(i);
  const auto money = [&out](uint16_t tag, int64_t sum) {
    out.vln(tag, static_cast<uint64_t>(sum));
  };
  money(1020, total);
  money(1031, paid[0] - closing.change);
  money(1081, electronic);
  money(1215, paid[13]);
  money(1216, paid[14]);
  money(1217, paid[15]);
  for (size_t i = 0; i < closing.taxes.size(); ++i) {
    if (closing.taxes.at(i) > 0) money(static_cast<uint16_t>(1102 + i), closing.taxes.at(i));
  }
}

}  // namespace

int64_t multiply_divide(int64_t a, uint64_t b, int64_t divisor) {
  using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(static_cast<uint64_t>(a)) * b;
  const auto d = static_cast<Wide>(static_cast<uint64_t>(divisor));
  return static_cast<int64_t>((product + d / 2) / d);
}

std::optional<Vat> vat_of_mask(uint8_t mask, int64_t seconds, bool raises) {
  const auto* const vat = std::find_if(
      kVats.begin(), kVats.end(), [mask](const Vat& v) { return v.mask == mask && mask != 0; });
  if (vat == kVats.end()) return std::nullopt;
  if (raises && seconds >= seconds_of(kRaise)) {
    if (vat->ordinal == 1) return vat_of_ordinal(11);
    if (vat->ordinal == 3) return vat_of_ordinal(12);
  }
  return *vat;
}

const Vat& vat_of_ordinal(uint8_t ordinal) { return kVats.at(ordinal - 1U); }

std::array<int64_t, 6> taxes_of(const Receipt& receipt) {
  std::array<int64_t, 6> taxes{};
  for (const Item& item : receipt.items) {
    const Vat& vat = vat_of_ordinal(item.vat);
    if (vat.slot < 0) continue;
    taxes.at(static_cast<size_t>(vat.slot)) += vat.numerator > 0 ? item.tax_sum : item.sum;
  }
  return taxes;
}

Bytes registration_tlv(const DocumentHead& head) {
  TlvWriter out;
  put_head(out, head, {});
  out.text(1013, head.registration.serial, 20);
  out.text(1017, head.registration.ofd_inn, 12);
  out.number(1062, head.registration.tax_systems, 1);
  out.number(1209, head.registration.ffd, 1);
  return out.bytes();
}

Bytes shift_tlv(const DocumentHead& head, bool open, const Bytes& tags, const ShiftCounts& counts) {
  TlvWriter out;
  put_head(out, head, tags);
  out.add(tags);
  if (!open) {
    out.number(1111, counts.documents, 4);
    out.number(1118, counts.receipts, 4);
    out.number(1097, counts.unsent, 4);
  }
  out.number(1209, head.registration.ffd, 1);
  return out.bytes();
}

Bytes correction_tlv(const DocumentHead& head, uint8_t kind, const Bytes& tags,
                     const Closing& closing) {
  TlvWriter out;
  put_head(out, head, tags);
  out.number(1042, head.receipt, 4);
  out.number(1054, kind, 1);
  out.number(1055, closing.tax_system, 1);
  out.add(tags);
  put_sums(out, std::accumulate(closing.payments.begin(), closing.payments.end(), int64_t{0}),
           closing);
  out.number(1209, head.registration.ffd, 1);
  return out.bytes();
}

Bytes receipt_tlv(const DocumentHead& head, const Receipt& receipt, const Closing& closing) {
  TlvWriter out;
  put_head(out, head, receipt.tags);
  out.number(1042, head.receipt, 4);
  out.number(1054, receipt.op, 1);
  out.number(1055, closing.tax_system, 1);
  out.add(receipt.tags);
  for (const Item& item : receipt.items) {
    const bool taxed = vat_of_ordinal(item.vat).numerator > 0;
    TlvWriter one;
    one.text(1030, item.name);
    one.vln(1079, static_cast<uint64_t>(item.price));
    one.fvln(1023, 6, item.quantity);
    one.vln(1043, static_cast<uint64_t>(item.sum));
    one.number(1199, item.vat, 1);
    if (taxed) one.vln(1200, static_cast<uint64_t>(item.tax_sum));
    one.number(1214, item.method, 1);
    one.number(1212, item.object, 1);
    one.add(item.tags);
    out.raw(1059, one.bytes());
  }
  put_sums(out, receipt.subtotal() - closing.rounding, closing);
  out.number(1209, head.registration.ffd, 1);
  return out.bytes();
}

uint32_t sign(const std::string& fn, Bytes& tlv) {
  const uint32_t fpd = ~crc32(tlv, crc32(view_of(fn), ~0U));
  // Two bytes of the real tag's six belong to the message, four are the sign, big endian.
  Bytes value{0x21, 0x04};
  for (int shift = 24; shift >= 0; shift -= 8) value.push_back(static_cast<uint8_t>(fpd >> shift));
  TlvWriter end;
  end.raw(1077, value);
  append(tlv, end.bytes());
  return fpd;
}

}  // namespace till::sim
