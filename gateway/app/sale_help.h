// What `help` prints in the terminal till, in both languages at once.
#pragma once

namespace till::app {

inline constexpr const char* kHelp =
    R"(  scan CODE           the scanner reads a bar code        сканер читает штрихкод
  swipe NUMBER        a loyalty card is swiped            карта проведена через ридер
  phone NUMBER        send a one-time code                послать код на телефон
  code DIGITS         the customer tells the code         покупатель назвал код
  coupon CODE         a coupon or promotion code          купон или промокод
  points N            spend N points                      списать баллы
  pay [cash N]        pay (card, or cash N)               оплатить
  return SALE L=Q …   return lines of a sale              возврат
  state | cancel      show or cancel the sale             показать, отменить
  settle FN FD SIGN   a senior: it is on the paper; or     старший: чек на бумаге есть;
         | none       settle none                          или чека нет
  pull X [MS]         cable of register, printer …        выдернуть кабель (через MS мс)
  plug X              and back                            вставить
  kill gateway        kill -9 the gateway                 убить шлюз
  balance | receipt   balance; the receipt as printed     баланс; чек, как он напечатан
  devices | quit
)";

}  // namespace till::app
