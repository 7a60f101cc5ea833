/*
 * finetime.h - does a file system give every change that comes after a look at
 * a file's times a time of its own? Then what was looked at last can be
 * believed however young it is (inventory.h); else two changes within one tick
 * of the kernel's clock look the same.
 */
#ifndef API_FINETIME_H
#define API_FINETIME_H

#include <stdbool.h>

/* Tries it with a file of its own in the directory, which goes again. */
bool finetime(int dir);

/* Does the time of a directory tell there that it got another name? Some file systems
 * that are not of this machine forget that. */
bool finetime_names(int dir);

#endif
