/*
 * Loaded before User-Mode Linux (LD_PRELOAD). Its kernel keeps the registers of its processes in 2696 bytes; on processors whose state is
 * larger (AMX) the kernel around it refuses to take back so few with EFAULT, and the guest dies with its first process. Here what is
 * missing is filled in with what the process has. See docs/decisions/0036.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#ifndef NT_X86_XSTATE
#define NT_X86_XSTATE 0x202
#endif

static char whole[65536];

long ptrace(enum __ptrace_request request, ...)
{
	static long (*next)(enum __ptrace_request, ...);
	va_list more;
	va_start(more, request);
	long pid = va_arg(more, long);
	void *addr = va_arg(more, void *);
	struct iovec *part = va_arg(more, void *);
	va_end(more);
	if (!next)
		next = (long (*)(enum __ptrace_request, ...))dlsym(RTLD_NEXT, "ptrace");
	long done = next(request, pid, addr, part);
	if (done == 0 || request != PTRACE_SETREGSET || (long)addr != NT_X86_XSTATE || (errno != EFAULT && errno != EINVAL))
		return done;
	struct iovec all = { whole, sizeof whole };
	done = next(PTRACE_GETREGSET, pid, addr, &all);
	if (done != 0)
		return done;
	memcpy(whole, part->iov_base, part->iov_len < all.iov_len ? part->iov_len : all.iov_len);
	return next(PTRACE_SETREGSET, pid, addr, &all);
}
