#include "tts/text/word_tables.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "tts/text/characters.h"

namespace bivox {
namespace {

using End = AbbreviationEnd;

constexpr Abbreviation kAbbreviations[] = {
    // Titles.
    {"mr", "mister", End::kNever, false},
    {"mrs", "missus", End::kNever, false},
    {"ms", "miz", End::kNever, false},
    {"messrs", "messieurs", End::kNever, false},
    {"dr", "doctor", End::kNever, false},
    {"prof", "professor", End::kNever, true},
    {"rev", "reverend", End::kNever, true},
    {"hon", "honorable", End::kNever, true},
    {"gov", "governor", End::kNever, true},
    {"sen", "senator", End::kNever, true},
    {"rep", "representative", End::kNever, true},
    {"pres", "president", End::kNever, true},
    {"gen", "general", End::kNever, true},
    {"col", "colonel", End::kNever, true},
    {"capt", "captain", End::kNever, false},
    {"cpt", "captain", End::kNever, false},
    {"cmdr", "commander", End::kNever, false},
    {"lt", "lieutenant", End::kNever, false},
    {"sgt", "sergeant", End::kNever, false},
    {"maj", "major", End::kNever, true},
    {"adm", "admiral", End::kNever, true},
    {"pvt", "private", End::kNever, false},
    {"supt", "superintendent", End::kNever, false},
    {"atty", "attorney", End::kNever, false},
    {"mme", "madame", End::kNever, false},
    {"mlle", "mademoiselle", End::kNever, false},
    {"jr", "junior", End::kBeforeOpener, false},
    {"sr", "senior", End::kBeforeOpener, false},
    {"esq", "esquire", End::kBeforeOpener, false},
    // Places.
    {"st", "street", End::kBeforeOpener, false},
    {"ave", "avenue", End::kBeforeOpener, true},
    {"av", "avenue", End::kBeforeOpener, true},
    {"blvd", "boulevard", End::kBeforeOpener, false},
    {"rd", "road", End::kBeforeOpener, false},
    {"ln", "lane", End::kBeforeOpener, true},
    {"hwy", "highway", End::kNever, false},
    {"rte", "route", End::kNever, false},
    {"pkwy", "parkway", End::kBeforeOpener, false},
    {"sq", "square", End::kBeforeOpener, true},
    {"apt", "apartment", End::kNever, true},
    {"ste", "suite", End::kNever, true},
    {"bldg", "building", End::kBeforeOpener, false},
    {"mt", "mount", End::kNever, false},
    {"mts", "mountains", End::kBeforeOpener, true},
    {"ft", "fort", End::kNever, true},
    {"pt", "point", End::kNever, true},
    // Firms.
    {"inc", "incorporated", End::kBeforeOpener, true},
    {"ltd", "limited", End::kBeforeOpener, false},
    {"co", "company", End::kBeforeOpener, true},
    {"corp", "corporation", End::kBeforeOpener, true},
    {"bros", "brothers", End::kBeforeOpener, false},
    {"dept", "department", End::kNever, false},
    {"univ", "university", End::kNever, true},
    {"assn", "association", End::kBeforeOpener, false},
    {"assoc", "associate", End::kNever, true},
    {"govt", "government", End::kBeforeOpener, false},
    {"intl", "international", End::kNever, false},
    {"natl", "national", End::kNever, false},
    // Text.
    {"etc", "et cetera", End::kBeforeCapital, false},
    {"vs", "versus", End::kNever, false},
    {"v", "versus", End::kNever, true},
    {"e.g", "for example", End::kNever, false},
    {"eg", "for example", End::kNever, true},
    {"i.e", "that is", End::kNever, false},
    {"ie", "that is", End::kNever, true},
    {"cf", "compare", End::kNever, true},
    {"viz", "namely", End::kNever, true},
    {"ca", "circa", End::kNever, true},
    {"approx", "approximately", End::kNever, false},
    {"est", "estimated", End::kNever, true},
    {"b", "born", End::kBeforeNumberNever, true},
    {"c", "circa", End::kBeforeNumberNever, true},
    {"d", "died", End::kBeforeNumberNever, true},
    {"a.k.a", "also known as", End::kNever, false},
    {"aka", "also known as", End::kNever, false},
    {"fig", "figure", End::kBeforeNumberNever, true},
    {"figs", "figures", End::kBeforeNumberNever, true},
    {"no", "number", End::kBeforeNumberNever, true},
    {"nos", "numbers", End::kBeforeNumberNever, true},
    {"vol", "volume", End::kNever, true},
    {"vols", "volumes", End::kNever, true},
    {"ch", "chapter", End::kNever, true},
    {"sec", "section", End::kBeforeNumberNever, true},
    {"art", "article", End::kBeforeNumberNever, true},
    {"p", "page", End::kNever, true},
    {"pp", "pages", End::kNever, true},
    {"ed", "edition", End::kBeforeCapital, true},
    {"eds", "editors", End::kNever, true},
    {"op", "opus", End::kBeforeNumberNever, true},
    {"eq", "equation", End::kBeforeNumberNever, true},
    {"thm", "theorem", End::kBeforeNumberNever, true},
    {"fl", "fluid", End::kNever, true},
    {"ref", "reference", End::kNever, true},
    {"ext", "extension", End::kNever, true},
    {"tel", "telephone", End::kNever, true},
    {"et al", "and others", End::kBeforeCapital, true},
    {"al", "al", End::kBeforeOpener, true},
    {"avg", "average", End::kNever, false},
    {"max", "maximum", End::kNever, true},
    {"min", "minimum", End::kNever, true},
    {"misc", "miscellaneous", End::kNever, false},
    {"incl", "including", End::kNever, false},
    {"excl", "excluding", End::kNever, false},
    {"temp", "temperature", End::kNever, true},
    {"tbsp", "tablespoons", End::kNever, false},
    {"tsp", "teaspoons", End::kNever, false},
    {"w/o", "without", End::kNever, false},
    {"w/", "with", End::kNever, false},
    {"b/c", "because", End::kNever, false},
    {"c/o", "care of", End::kNever, false},
    {"utd", "united", End::kBeforeOpener, false},
    // Times.
    {"a.m", "A M", End::kBeforeCapital, false},
    {"p.m", "P M", End::kBeforeCapital, false},
    {"b.c", "B C", End::kBeforeCapital, false},
    {"a.d", "A D", End::kBeforeOpener, false},
    {"jan", "january", End::kNever, true},
    {"feb", "february", End::kNever, false},
    {"mar", "march", End::kNever, true},
    {"apr", "april", End::kNever, false},
    {"jun", "june", End::kNever, true},
    {"jul", "july", End::kNever, true},
    {"aug", "august", End::kNever, true},
    {"sep", "september", End::kNever, true},
    {"sept", "september", End::kNever, false},
    {"oct", "october", End::kNever, true},
    {"nov", "november", End::kNever, true},
    {"dec", "december", End::kNever, true},
    {"mon", "monday", End::kBeforeOpener, true},
    {"tue", "tuesday", End::kBeforeOpener, true},
    {"tues", "tuesday", End::kBeforeOpener, false},
    {"wed", "wednesday", End::kBeforeOpener, true},
    {"thu", "thursday", End::kBeforeOpener, true},
    {"thurs", "thursday", End::kBeforeOpener, false},
    {"fri", "friday", End::kBeforeOpener, true},
    {"sat", "saturday", End::kBeforeOpener, true},
    {"sun", "sunday", End::kBeforeOpener, true},
    // Names of states of which the old abbreviations are common.
    {"calif", "california", End::kBeforeOpener, false},
    {"conn", "connecticut", End::kBeforeOpener, true},
    {"fla", "florida", End::kBeforeOpener, true},
    {"ill", "illinois", End::kBeforeOpener, true},
    {"mass", "massachusetts", End::kBeforeOpener, true},
    {"mich", "michigan", End::kBeforeOpener, true},
    {"minn", "minnesota", End::kBeforeOpener, true},
    {"tenn", "tennessee", End::kBeforeOpener, true},
    {"tex", "texas", End::kBeforeOpener, true},
    {"penn", "pennsylvania", End::kBeforeOpener, true},
    {"wash", "washington", End::kBeforeOpener, true},
};

constexpr Unit kUnits[] = {
    {"km", "kilometer", "kilometers", false},
    {"m", "meter", "meters", false},
    {"cm", "centimeter", "centimeters", false},
    {"mm", "millimeter", "millimeters", false},
    {"um", "micrometer", "micrometers", false},
    {"nm", "nanometer", "nanometers", false},
    {"mi", "mile", "miles", false},
    {"mi.", "mile", "miles", false},
    {"ft", "foot", "feet", false},
    {"ft.", "foot", "feet", false},
    {"in", "inch", "inches", true},
    {"in.", "inch", "inches", false},
    {"yd", "yard", "yards", false},
    {"yd.", "yard", "yards", false},
    {"yds", "yards", "yards", false},
    {"km^2", "square kilometer", "square kilometers", false},
    {"m^2", "square meter", "square meters", false},
    {"cm^2", "square centimeter", "square centimeters", false},
    {"m^3", "cubic meter", "cubic meters", false},
    {"cm^3", "cubic centimeter", "cubic centimeters", false},
    {"sq", "square", "square", false},
    {"fl", "fluid", "fluid", false},
    {"sqft", "square foot", "square feet", false},
    {"ha", "hectare", "hectares", false},
    {"kg", "kilogram", "kilograms", false},
    {"kgs", "kilogram", "kilograms", false},
    {"g", "gram", "grams", false},
    {"mg", "milligram", "milligrams", false},
    {"ug", "microgram", "micrograms", false},
    {"t", "ton", "tons", true},
    {"lb", "pound", "pounds", false},
    {"lb.", "pound", "pounds", false},
    {"lbs", "pound", "pounds", false},
    {"lbs.", "pound", "pounds", false},
    {"oz", "ounce", "ounces", false},
    {"oz.", "ounce", "ounces", false},
    {"L", "liter", "liters", false},
    {"l", "liter", "liters", false},
    {"ml", "milliliter", "milliliters", false},
    {"mL", "milliliter", "milliliters", false},
    {"cl", "centiliter", "centiliters", false},
    {"gal", "gallon", "gallons", false},
    {"gal.", "gallon", "gallons", false},
    {"pt.", "pint", "pints", false},
    {"qt", "quart", "quarts", false},
    {"qt.", "quart", "quarts", false},
    {"qts", "quart", "quarts", false},
    {"qts.", "quart", "quarts", false},
    {"tbsp", "tablespoon", "tablespoons", false},
    {"tbsp.", "tablespoon", "tablespoons", false},
    {"tsp", "teaspoon", "teaspoons", false},
    {"tsp.", "teaspoon", "teaspoons", false},
    {"mph", "mile per hour", "miles per hour", false},
    {"km/h", "kilometer per hour", "kilometers per hour", false},
    {"kph", "kilometer per hour", "kilometers per hour", false},
    {"kmh", "kilometer per hour", "kilometers per hour", false},
    {"m/s", "meter per second", "meters per second", false},
    {"m/s^2", "meter per second squared", "meters per second squared", false},
    {"fps", "frame per second", "frames per second", false},
    {"rpm", "R P M", "R P M", false},
    {"mpg", "mile per gallon", "miles per gallon", false},
    {"s", "second", "seconds", false},
    {"sec", "second", "seconds", false},
    {"sec.", "second", "seconds", false},
    {"secs", "second", "seconds", false},
    {"ms", "millisecond", "milliseconds", false},
    {"us", "microsecond", "microseconds", true},
    {"ns", "nanosecond", "nanoseconds", false},
    {"min", "minute", "minutes", false},
    {"min.", "minute", "minutes", false},
    {"mins", "minute", "minutes", false},
    {"h", "hour", "hours", false},
    {"hr", "hour", "hours", false},
    {"hr.", "hour", "hours", false},
    {"hrs", "hour", "hours", false},
    {"hrs.", "hour", "hours", false},
    {"wk", "week", "weeks", false},
    {"wks", "week", "weeks", false},
    {"mo", "month", "months", false},
    {"mos", "month", "months", false},
    {"yr", "year", "years", false},
    {"yr.", "year", "years", false},
    {"yrs", "year", "years", false},
    {"Hz", "hertz", "hertz", false},
    {"kHz", "kilohertz", "kilohertz", false},
    {"KHz", "kilohertz", "kilohertz", false},
    {"MHz", "megahertz", "megahertz", false},
    {"GHz", "gigahertz", "gigahertz", false},
    {"KB", "kilobyte", "kilobytes", false},
    {"kB", "kilobyte", "kilobytes", false},
    {"MB", "megabyte", "megabytes", false},
    {"GB", "gigabyte", "gigabytes", false},
    {"TB", "terabyte", "terabytes", false},
    {"PB", "petabyte", "petabytes", false},
    {"kbps", "kilobit per second", "kilobits per second", false},
    {"Mbps", "megabit per second", "megabits per second", false},
    {"Gbps", "gigabit per second", "gigabits per second", false},
    {"kb/s", "kilobit per second", "kilobits per second", false},
    {"MB/s", "megabyte per second", "megabytes per second", false},
    {"GB/s", "gigabyte per second", "gigabytes per second", false},
    {"Mb", "megabit", "megabits", false},
    {"Gb", "gigabit", "gigabits", false},
    {"V", "volt", "volts", false},
    {"kV", "kilovolt", "kilovolts", false},
    {"mV", "millivolt", "millivolts", false},
    {"W", "watt", "watts", false},
    {"kW", "kilowatt", "kilowatts", false},
    {"MW", "megawatt", "megawatts", false},
    {"GW", "gigawatt", "gigawatts", false},
    {"kWh", "kilowatt hour", "kilowatt hours", false},
    {"mA", "milliamp", "milliamps", false},
    {"mAh", "milliamp hour", "milliamp hours", false},
    {"J", "joule", "joules", false},
    {"kJ", "kilojoule", "kilojoules", false},
    {"kcal", "kilocalorie", "kilocalories", false},
    {"cal", "calorie", "calories", false},
    {"hp", "horsepower", "horsepower", false},
    {"Pa", "pascal", "pascals", true},
    {"kPa", "kilopascal", "kilopascals", false},
    {"psi", "P S I", "P S I", false},
    {"dB", "decibel", "decibels", false},
    {"K", "K", "K", true},
    {"k", "K", "K", true},
    {"ppm", "part per million", "parts per million", false},
    {"px", "pixel", "pixels", false},
    {"pts", "point", "points", false},
    {"\xC2\xB0", "degree", "degrees", false},
    {"\xC2\xB0"
     "C",
     "degree celsius", "degrees celsius", false},
    {"\xC2\xB0"
     "F",
     "degree fahrenheit", "degrees fahrenheit", false},
    {"%", "percent", "percent", false},
    {"x", "times", "times", true},
    {"\xC2\xA2", "cent", "cents", false},
    {"'", "foot", "feet", true},
    {"\"", "inch", "inches", true},
    {"mol", "mole", "moles", false},
    {"ly", "light year", "light years", false},
    {"dpi", "D P I", "D P I", false},
    {"pm", "P M", "P M", false},
    {"am", "A M", "A M", false},
    {"p.m.", "P M", "P M", false},
    {"a.m.", "A M", "A M", false},
    {"p.m", "P M", "P M", false},
    {"a.m", "A M", "A M", false},
    {"PM", "P M", "P M", false},
    {"AM", "A M", "A M", false},
};

constexpr Currency kCurrencies[] = {
    {"US$", "U S dollar", "U S dollars", "cent", "cents"},
    {"C$", "canadian dollar", "canadian dollars", "cent", "cents"},
    {"A$", "australian dollar", "australian dollars", "cent", "cents"},
    {"$", "dollar", "dollars", "cent", "cents"},
    {"\xC2\xA3", "pound", "pounds", "penny", "pence"},
    {"\xE2\x82\xAC", "euro", "euros", "cent", "cents"},
    {"\xC2\xA5", "yen", "yen", "", ""},
    {"\xE2\x82\xB9", "rupee", "rupees", "", ""},
};

constexpr Currency kCurrencyCodes[] = {
    {"USD", "U S dollar", "U S dollars", "cent", "cents"},
    {"EUR", "euro", "euros", "cent", "cents"},
    {"GBP", "british pound", "british pounds", "penny", "pence"},
    {"JPY", "yen", "yen", "", ""},
    {"CAD", "canadian dollar", "canadian dollars", "cent", "cents"},
    {"AUD", "australian dollar", "australian dollars", "cent", "cents"},
    {"CHF", "swiss franc", "swiss francs", "", ""},
    {"INR", "rupee", "rupees", "", ""},
};

constexpr std::string_view kMonths[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};
constexpr std::string_view kWeekdays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                          "friday", "saturday", "sunday"};

struct Pair {
  std::string_view text;
  std::string_view words;
};

constexpr Pair kStates[] = {
    {"AL", "alabama"},        {"AK", "alaska"},         {"AZ", "arizona"},
    {"AR", "arkansas"},       {"CA", "california"},     {"CO", "colorado"},
    {"CT", "connecticut"},    {"DE", "delaware"},       {"DC", "D C"},
    {"FL", "florida"},        {"GA", "georgia"},        {"HI", "hawaii"},
    {"ID", "idaho"},          {"IL", "illinois"},       {"IN", "indiana"},
    {"IA", "iowa"},           {"KS", "kansas"},         {"KY", "kentucky"},
    {"LA", "louisiana"},      {"ME", "maine"},          {"MD", "maryland"},
    {"MA", "massachusetts"},  {"MI", "michigan"},       {"MN", "minnesota"},
    {"MS", "mississippi"},    {"MO", "missouri"},       {"MT", "montana"},
    {"NE", "nebraska"},       {"NV", "nevada"},         {"NH", "new hampshire"},
    {"NJ", "new jersey"},     {"NM", "new mexico"},     {"NY", "new york"},
    {"NC", "north carolina"}, {"ND", "north dakota"},   {"OH", "ohio"},
    {"OK", "oklahoma"},       {"OR", "oregon"},         {"PA", "pennsylvania"},
    {"RI", "rhode island"},   {"SC", "south carolina"}, {"SD", "south dakota"},
    {"TN", "tennessee"},      {"TX", "texas"},          {"UT", "utah"},
    {"VT", "vermont"},        {"VA", "virginia"},       {"WA", "washington"},
    {"WV", "west virginia"},  {"WI", "wisconsin"},      {"WY", "wyoming"}};

constexpr Pair kAcronyms[] = {
    // As words.
    {"NASA", "nasa"},
    {"NATO", "nato"},
    {"UNESCO", "unesco"},
    {"UNICEF", "unicef"},
    {"OPEC", "opec"},
    {"AIDS", "aids"},
    {"NAFTA", "nafta"},
    {"NASDAQ", "nasdaq"},
    {"FIFA", "fifa"},
    {"COVID", "covid"},
    {"RAM", "ram"},
    {"ROM", "rom"},
    {"SIM", "sim"},
    {"GIF", "gif"},
    {"PIN", "pin"},
    {"SWAT", "swat"},
    {"FEMA", "fema"},
    {"LAN", "lan"},
    {"WAN", "wan"},
    {"DARPA", "darpa"},
    {"IKEA", "ikea"},
    {"LEGO", "lego"},
    {"SCUBA", "scuba"},
    {"RADAR", "radar"},
    {"SONAR", "sonar"},
    {"LASER", "laser"},
    {"ASEAN", "asean"},
    {"POTUS", "potus"},
    {"SARS", "sars"},
    {"YOLO", "yolo"},
    {"NIMBY", "nimby"},
    {"OSHA", "osha"},
    {"UEFA", "uefa"},
    {"CERN", "cern"},
    {"ESPN", "E S P N"},
    {"PETA", "peta"},
    {"MIDI", "middy"},
    {"FAQ", "F A Q"},
    {"ZIP", "zip"},
    {"BASIC", "basic"},
    {"ACID", "acid"},
    {"SAT", "S A T"},
    // Of their own.
    {"JPEG", "jay peg"},
    {"JPG", "jay peg"},
    {"MPEG", "em peg"},
    {"ASCII", "askey"},
    {"WYSIWYG", "wizzy wig"},
    {"IEEE", "I triple E"},
    {"NAACP", "N double A C P"},
    {"NCAA", "N C double A"},
    {"AAA", "triple A"},
    {"CMOS", "sea moss"},
    {"GUI", "gooey"},
    {"SCSI", "scuzzy"},
    {"OK", "okay"},
    {"SQL", "S Q L"},
    {"PhD", "P H D"},
    {"Ph.D", "P H D"},
    {"iOS", "I O S"},
    {"macOS", "mac O S"},
    {"LaTeX", "lay tech"},
    {"WiFi", "why fie"},
    {"Wi-Fi", "why fie"},
    {"wifi", "why fie"},
    {"IoT", "I O T"},
    {"TV", "T V"},
    {"TVs", "T V's"},
    {"ID", "I D"},
    {"IDs", "I D's"},
    {"ATM", "A T M"},
    {"UFO", "U F O"},
    {"MSc", "M S C"},
    {"BSc", "B S C"},
    {"pH", "P H"},
    {"eBay", "E bay"},
    {"iPhone", "I phone"},
    {"iPad", "I pad"},
    {"iPod", "I pod"},
    {"iPhones", "I phones"},
    {"SaaS", "sass"},
    {"vs", "versus"},
    // As letters, though they look like words.
    {"US", "U S"},
    {"EST", "E S T"},
    {"USA", "U S A"},
    {"UK", "U K"},
    {"EU", "E U"},
    {"UN", "U N"},
    {"LA", "L A"},
    {"DC", "D C"},
    {"AI", "A I"},
    {"IT", "I T"},
    {"PR", "P R"},
    {"HR", "H R"},
    {"AM", "A M"},
    {"PM", "P M"},
    {"AD", "A D"},
    {"BC", "B C"},
    {"BCE", "B C E"},
    {"CE", "C E"},
    {"CEO", "C E O"},
    {"CEOs", "C E O's"},
    {"CIA", "C I A"},
    {"UCLA", "U C L A"},
    {"WHO", "W H O"},
    {"URL", "U R L"},
    {"URLs", "U R L's"},
    {"USB", "U S B"},
    {"CPU", "C P U"},
    {"GPU", "G P U"},
    {"API", "A P I"},
    {"APIs", "A P I's"},
    {"ICE", "I C E"},
    {"IRA", "I R A"},
    {"IQ", "I Q"},
    {"EMT", "E M T"},
    {"ER", "E R"},
    {"DIY", "D I Y"},
    {"RIP", "R I P"},
    {"MIT", "M I T"},
    {"NIH", "N I H"},
    {"EPA", "E P A"},
    {"FAA", "F A A"},
    {"IRS", "I R S"},
    {"SEC", "S E C"},
    {"MRI", "M R I"},
    {"DNA", "D N A"},
    {"RNA", "R N A"},
    {"UPS", "U P S"},
    {"GPA", "G P A"},
    {"ACT", "A C T"},
    {"ABC", "A B C"},
    {"CBS", "C B S"},
    {"NBC", "N B C"},
    {"BBC", "B B C"},
    {"CNN", "C N N"},
    {"IBM", "I B M"},
    {"AOL", "A O L"},
    {"ACLU", "A C L U"},
    {"OS", "O S"},
    {"IP", "I P"},
    {"UI", "U I"},
    {"IO", "I O"},
    {"AP", "A P"},
    {"PA", "P A"},
    {"MO", "M O"},
    {"EA", "E A"},
    {"II", "two"},
    {"ASAP", "A S A P"},
    {"FYI", "F Y I"},
    {"ETA", "E T A"},
    {"IOU", "I O U"},
    {"AWOL", "A wall"},
    {"RSVP", "R S V P"},
    {"SUV", "S U V"},
    {"OED", "O E D"},
    {"USSR", "U S S R"},
    // Of chats, written small.
    {"omg", "O M G"},
    {"idk", "I D K"},
    {"imo", "I M O"},
    {"imho", "I M H O"},
    {"fyi", "F Y I"},
    {"asap", "A S A P"},
    {"eta", "E T A"},
    {"diy", "D I Y"},
    {"thx", "thanks"},
    {"pls", "please"},
    {"plz", "please"},
    {"ppl", "people"},
    {"ur", "your"},
    {"gr8", "great"},
    {"l8r", "later"},
    {"b4", "before"},
    {"2nite", "tonight"},
    {"2night", "tonight"},
    {"2day", "today"},
    {"2moro", "tomorrow"},
    {"2morrow", "tomorrow"},
    {"FOMO", "fomo"},
    {"Ctrl", "control"},
    {"Cmd", "command"},
    // Of games.
    {"49ers", "forty niners"},
    {"76ers", "seventy sixers"},
    {"M&Ms", "M and M's"},
    {"PO", "P O"},
    // Of reports.
    {"YoY", "year over year"},
    {"yoy", "year over year"},
    {"QoQ", "quarter over quarter"}};

constexpr std::string_view kFirstNames[] = {
    "albert",    "alexander",   "alfonso",   "andrew",  "anthony",   "arthur",   "benedict",
    "benjamin",  "boniface",    "carl",      "carlos",  "catherine", "charles",  "christian",
    "clement",   "constantine", "cyrus",     "daniel",  "darius",    "david",    "edward",
    "elizabeth", "felipe",      "ferdinand", "francis", "frank",     "franz",    "frederick",
    "george",    "gregory",     "gustav",    "harald",  "harold",    "henry",    "innocent",
    "ivan",      "jack",        "james",     "john",    "joseph",    "juan",     "julius",
    "kenneth",   "leo",         "leopold",   "louis",   "ludwig",    "malcolm",  "margaret",
    "maria",     "mark",        "martin",    "mary",    "mehmed",    "michael",  "napoleon",
    "nicholas",  "olaf",        "otto",      "patrick", "paul",      "peter",    "philip",
    "pius",      "ptolemy",     "ramesses",  "ramses",  "richard",   "robert",   "samuel",
    "stephen",   "steven",      "sultan",    "thomas",  "umberto",   "urban",    "victor",
    "walter",    "wilhelm",     "william",   "xerxes",  "hassan",    "mohammed", "murad",
    "selim",     "suleiman",    "thurston",  "donald",  "ronald",    "edmund"};

constexpr std::string_view kNumberedThings[] = {
    "war",   "chapter",  "part",   "act",      "scene",    "volume",  "book",     "section",
    "phase", "type",     "class",  "level",    "stage",    "article", "title",    "bowl",
    "grade", "figure",   "table",  "appendix", "canto",    "sonata",  "symphony", "group",
    "unit",  "episode",  "apollo", "vatican",  "division", "tier",    "schedule", "form",
    "step",  "option",   "round",  "page",     "category", "lesson",  "exercise", "item",
    "rule",  "question", "number", "mark",     "windows",  "cup"};

constexpr std::string_view kTimeZones[] = {"EST", "EDT", "ET",  "CST", "CDT", "CT",  "MST", "MDT",
                                           "MT",  "PST", "PDT", "PT",  "GMT", "UTC", "BST", "CET"};

constexpr std::string_view kStreetTypes[] = {
    "street",  "st",   "avenue",  "ave", "road",  "rd",    "boulevard", "blvd",     "lane",    "ln",
    "drive",   "dr",   "court",   "ct",  "way",   "place", "pl",        "terrace",  "square",  "sq",
    "parkway", "pkwy", "highway", "hwy", "alley", "row",   "circle",    "broadway", "crescent"};

constexpr Pair kMagnitudes[] = {
    {"hundred", "hundred"}, {"thousand", "thousand"}, {"million", "million"},
    {"billion", "billion"}, {"trillion", "trillion"}, {"M", "million"},
    {"m", "million"},       {"mn", "million"},        {"mm", "million"},
    {"MM", "million"},      {"mil", "million"},       {"B", "billion"},
    {"b", "billion"},       {"bn", "billion"},        {"Bn", "billion"},
    {"T", "trillion"},      {"tn", "trillion"},       {"K", "thousand"},
    {"k", "thousand"},      {"dozen", "dozen"}};

constexpr Pair kDomains[] = {
    {"com", "com"},   {"org", "org"},       {"net", "net"}, {"edu", "E D U"}, {"gov", "gov"},
    {"mil", "mil"},   {"info", "info"},     {"biz", "biz"}, {"io", "I O"},    {"ai", "A I"},
    {"uk", "U K"},    {"us", "U S"},        {"de", "D E"},  {"fr", "F R"},    {"ca", "C A"},
    {"au", "A U"},    {"eu", "E U"},        {"jp", "J P"},  {"co", "co"},     {"dev", "dev"},
    {"app", "app"},   {"tv", "T V"},        {"me", "me"},   {"ch", "C H"},    {"nl", "N L"},
    {"it", "I T"},    {"es", "E S"},        {"nz", "N Z"},  {"xyz", "X Y Z"}, {"ly", "L Y"},
    {"gg", "G G"},    {"ru", "R U"},        {"cn", "C N"},  {"in", "I N"},    {"tech", "tech"},
    {"blog", "blog"}, {"museum", "museum"}, {"int", "int"}};

constexpr std::string_view kFileEndings[] = {
    "txt",  "pdf",  "doc",  "docx", "jpg", "jpeg", "png", "gif", "mp3",  "mp4", "wav",
    "flac", "html", "htm",  "css",  "js",  "json", "xml", "csv", "tsv",  "py",  "cpp",
    "h",    "c",    "cc",   "md",   "sh",  "zip",  "gz",  "tar", "exe",  "dll", "log",
    "yml",  "yaml", "toml", "rs",   "go",  "java", "ini", "cfg", "conf", "xls", "xlsx",
    "ppt",  "pptx", "avi",  "mov",  "ogg", "svg",  "bin", "iso"};

std::string lower_of(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  return lower;
}

template <class T, size_t N>
bool holds(const T (&list)[N], std::string_view text) {
  return std::find(std::begin(list), std::end(list), text) != std::end(list);
}

template <size_t N>
std::string_view words_of(const Pair (&list)[N], std::string_view text) {
  for (const Pair& pair : list) {
    if (pair.text == text) return pair.words;
  }
  return {};
}

}  // namespace

const Abbreviation* find_abbreviation(std::string_view text) {
  if (text.empty() || text.size() > 12) return nullptr;
  const std::string lower = lower_of(text);
  for (const Abbreviation& entry : kAbbreviations) {
    if (entry.text == lower) return &entry;
  }
  return nullptr;
}

AbbreviationEnd abbreviation_end(std::string_view text) {
  if (is_time_zone(text)) return AbbreviationEnd::kNotAbbreviation;
  if (const Abbreviation* entry = find_abbreviation(text)) {
    // "Go on. Art is long.": a lower-case word is an abbreviation only if nothing else is meant.
    if (entry->period_needed && entry->end == AbbreviationEnd::kNever && text.size() > 2 &&
        is_lower(text[0])) {
      static constexpr std::string_view kAlways[] = {"vol", "vols", "ext", "tel", "viz",  "approx",
                                                     "gen", "prof", "est", "apt", "univ", "eds"};
      if (!holds(kAlways, text)) return AbbreviationEnd::kBeforeNumberNever;
    }
    if (text.size() == 2 && text == "ed") return AbbreviationEnd::kNotAbbreviation;
    return entry->end;
  }
  // "U.S", "D.C", "J.R.R", "Ph.D": letters with periods between them.
  if (text.size() >= 3 && text.find('.') != std::string_view::npos) {
    size_t part = 0;
    for (const char c : text) {
      if (c == '.') {
        part = 0;
      } else if (!is_letter(c) || ++part > 2) {
        return AbbreviationEnd::kNotAbbreviation;
      }
    }
    return AbbreviationEnd::kBeforeOpener;
  }
  return AbbreviationEnd::kNotAbbreviation;
}

const Unit* find_unit(std::string_view text) {
  for (const Unit& unit : kUnits) {
    if (unit.text == text) return &unit;
  }
  return nullptr;
}

const Currency* starts_with_currency(std::string_view text) {
  for (const Currency& currency : kCurrencies) {
    if (text.starts_with(currency.symbol)) return &currency;
  }
  return nullptr;
}

const Currency* find_currency_code(std::string_view code) {
  for (const Currency& currency : kCurrencyCodes) {
    if (currency.symbol == code) return &currency;
  }
  return nullptr;
}

std::string_view month_name(std::string_view text) {
  if (text.size() < 3) return {};
  const std::string lower = lower_of(text);
  for (const std::string_view month : kMonths) {
    if (lower == month || lower == month.substr(0, 3) || (lower == "sept" && month[0] == 's')) {
      return month;
    }
  }
  return {};
}

std::string_view month_name(int month) {
  return month >= 1 && month <= 12 ? kMonths[month - 1] : std::string_view();
}

bool is_time_zone(std::string_view text) { return holds(kTimeZones, text); }

std::string_view weekday_name(std::string_view text) {
  if (text.size() < 3) return {};
  const std::string lower = lower_of(text);
  for (const std::string_view day : kWeekdays) {
    if (lower == day || lower == day.substr(0, 3) ||
        (lower.size() >= 4 && lower.size() <= 5 && day.starts_with(lower))) {
      return day;
    }
  }
  return {};
}

std::string_view state_name(std::string_view code) { return words_of(kStates, code); }

std::optional<std::string_view> acronym_reading(std::string_view text) {
  const std::string_view words = words_of(kAcronyms, text);
  if (words.empty()) return std::nullopt;
  return words;
}

bool is_first_name(std::string_view lower) { return holds(kFirstNames, lower); }
bool is_numbered_thing(std::string_view lower) { return holds(kNumberedThings, lower); }
bool is_street_type(std::string_view lower) { return holds(kStreetTypes, lower); }
std::string_view magnitude(std::string_view text) { return words_of(kMagnitudes, text); }
std::string_view domain_words(std::string_view lower) { return words_of(kDomains, lower); }
bool is_file_ending(std::string_view lower) { return holds(kFileEndings, lower); }

}  // namespace bivox
