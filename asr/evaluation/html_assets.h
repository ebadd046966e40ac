// Style and script of HtmlPage (internal).
#pragma once

#include <string_view>

namespace bivox {

std::string_view html_style();
std::string_view html_script();

}  // namespace bivox
