// Central's rules put together over one database.
#pragma once

#include "central/intake/answers.h"
#include "central/intake/intake.h"

namespace till::central {

struct Central {
  Central(const std::string& path, Clock& clock_, Random& random_, AllowanceRules allowance = {})
      : clock(clock_),
        random(random_),
        db(path, kSchema),
        ledger(db, clock),
        holds(db, ledger, clock, random, allowance),
        directory(db, ledger, clock, random),
        facts(db, ledger, holds, directory, clock),
        intake(db, facts, clock, metrics),
        answers(db, holds, directory) {}

  Clock& clock;
  Random& random;
  Metrics metrics;
  Database db;
  Ledger ledger;
  Holds holds;
  Directory directory;
  Facts facts;
  Intake intake;
  Answers answers;
};

}  // namespace till::central
