#include "gateway/app/program_command.h"

int main(int argc, char** argv) {
  return till::app::program_command({argv + 1, argv + argc}, till::Language::kEn);
}
