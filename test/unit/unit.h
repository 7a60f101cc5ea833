/*
 * unit.h - what every unit test file provides to the runner (main.c).
 *
 * test/unit/NAME.c is one program: it defines unit_suite() and nothing else
 * that is global.
 */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>

Suite *unit_suite(void);

#endif
