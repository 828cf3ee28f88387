// Central's rules put together over one database.
#pragma once

#include "central/intake/answers.h"
#include "central/intake/intake.h"
#include "central/ledger/merges.h"

namespace till::central {

struct Central {
  Central(const std::string& path, Clock& clock_, Random& random_, AllowanceRules allowance = {})
      : clock(clock_),
        random(random_),
        db(path, kSchema),
        ledger(db, clock),
        programs(db),
        coupons(db, programs, clock),
        profiles(db, ledger, programs, clock),
        holds(db, ledger, coupons, clock, random, allowance),
        merges(db, ledger, clock),
        directory(db, clock, random),
        cards(db, programs, directory, clock),
        events(db, ledger, programs, profiles, coupons, directory, random),
        facts(db, ledger, holds, coupons, profiles, programs, directory, cards, clock),
        intake(db, facts, clock, metrics),
        answers(db, ledger, programs, holds, coupons, profiles, directory, cards, events, clock) {}

  Clock& clock;
  Random& random;
  Metrics metrics;
  Database db;
  Ledger ledger;
  Programs programs;
  Coupons coupons;
  Profiles profiles;
  Holds holds;
  Merges merges;
  Directory directory;
  Cards cards;
  Events events;
  Facts facts;
  Intake intake;
  Answers answers;
};

}  // namespace till::central
