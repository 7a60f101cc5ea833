/* platform.h - the name of what this program was built for, as Go spells it. */
#ifndef BUILDLET_PLATFORM_H
#define BUILDLET_PLATFORM_H

#if defined(__linux__)
#define PLATFORM_OS "linux"
#elif defined(__FreeBSD__)
#define PLATFORM_OS "freebsd"
#elif defined(__OpenBSD__)
#define PLATFORM_OS "openbsd"
#elif defined(__NetBSD__)
#define PLATFORM_OS "netbsd"
#elif defined(__DragonFly__)
#define PLATFORM_OS "dragonfly"
#elif defined(__APPLE__)
#define PLATFORM_OS "darwin"
#else
#define PLATFORM_OS "unix"
#endif

#if defined(__x86_64__)
#define PLATFORM_ARCH "amd64"
#elif defined(__i386__)
#define PLATFORM_ARCH "386"
#elif defined(__aarch64__)
#define PLATFORM_ARCH "arm64"
#elif defined(__arm__)
#define PLATFORM_ARCH "arm"
#elif defined(__riscv) && __riscv_xlen == 64
#define PLATFORM_ARCH "riscv64"
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define PLATFORM_ARCH "ppc64le"
#elif defined(__s390x__)
#define PLATFORM_ARCH "s390x"
#elif defined(__loongarch64)
#define PLATFORM_ARCH "loong64"
#else
#define PLATFORM_ARCH "unknown"
#endif

#define PLATFORM PLATFORM_OS "-" PLATFORM_ARCH

#endif
