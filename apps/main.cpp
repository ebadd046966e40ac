#include "apps/program.h"

int main(int argc, char** argv) { return bivox::run_program(argc, argv); }
