#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace trawl {
namespace {

constexpr int kExitDefect = 70;

std::string& report_folder() {
  static std::string folder;
  return folder;
}

}  // namespace

void set_defect_report_folder(std::string folder) {
  report_folder() = std::move(folder);
}

void report_defect(const char* condition, const char* file, int line) {
  const std::string text = std::string("trawl: defect: ") + condition + " does not hold at " +
                           file + ":" + std::to_string(line) + "\n";
  std::fputs(text.c_str(), stderr);
  if (!report_folder().empty()) {
    const std::string path = report_folder() + "/defect.txt";
    if (std::FILE* report = std::fopen(path.c_str(), "a")) {
      std::fputs(text.c_str(), report);
      std::fclose(report);
      std::fprintf(stderr, "trawl: please report this, with the file %s\n", path.c_str());
    }
  }
  std::_Exit(kExitDefect);
}

}  // namespace trawl
