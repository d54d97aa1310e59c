// SPDX-License-Identifier: GPL-2.0-only
/*
 * Readings without an exit, off unless asked for: the clock is taken for a straight
 * line over the counter, for some time after the last cross-timestamp. A step of
 * the device's clock in that time goes unnoticed until its end.
 */
#include <linux/moduleparam.h>

#include "clock.h"

#define WINDOW_MAX_MS 10000U

static unsigned int extrapolate_ms;
module_param(extrapolate_ms, uint, 0644);
MODULE_PARM_DESC(extrapolate_ms, "inexact: answer readings from the last cross-timestamp for so many ms instead of asking the device; the error bound is in sysfs (default 0: always ask; at most 10000)");

static u64 window(void)
{
	return (u64)min(READ_ONCE(extrapolate_ms), WINDOW_MAX_MS) * NSEC_PER_MSEC;
}

/* A monotonic clock must not go back to the truth after a reading that was too high. */
bool vpv_clock_extrapolates(const struct vpv_clock *c)
{
	return c->caps.cross && c->caps.type != VIRTIO_RTC_CLOCK_MONOTONIC && window();
}

static bool look_up(struct vpv_clock *c, struct ptp_system_timestamp *sts, u64 *ns)
{
	unsigned long flags;
	u64 cycles;
	bool ok;

	spin_lock_irqsave(&c->line_lock, flags);
	ptp_read_system_prets(sts);
	cycles = vpv_clock_read_counter();
	ptp_read_system_postts(sts);
	ok = vpv_clock_line_at(&c->line, cycles, window(), ns);
	spin_unlock_irqrestore(&c->line_lock, flags);
	return ok;
}

/**
 * vpv_clock_extrapolate() - a reading, from the line or else from the device
 * @c: the clock
 * @sts: system time before and after, or NULL
 * @ns: the reading
 *
 * Context: process. Return: 0 or as vpv_clock_xfer().
 */
int vpv_clock_extrapolate(struct vpv_clock *c, struct ptp_system_timestamp *sts, u64 *ns)
{
	struct vpv_clock_sample sample;
	unsigned long flags;
	int err;

	if (vpv_clock_counter() >= 0 && look_up(c, sts, ns)) {
		atomic64_inc(&c->extrapolated);
		return vpv_clock_plausible(c, *ns);
	}
	err = vpv_clock_sample(c, sts, &sample);
	if (err)
		return err;
	*ns = sample.ns;
	spin_lock_irqsave(&c->line_lock, flags);
	/* Another reader may have been quicker with a later one. */
	if (!c->line.samples || sample.cycles > c->line.last.cycles)
		vpv_clock_line_add(&c->line, &sample);
	spin_unlock_irqrestore(&c->line_lock, flags);
	return 0;
}

/* After a reset, counter and clock may be others. */
void vpv_clock_extrapolate_forget(struct vpv_clock *c)
{
	unsigned long flags;

	spin_lock_irqsave(&c->line_lock, flags);
	vpv_clock_line_forget(&c->line);
	spin_unlock_irqrestore(&c->line_lock, flags);
}

/* Worst case of readings at the end of the window; 0: none are extrapolated. */
u64 vpv_clock_extrapolate_bound(struct vpv_clock *c)
{
	unsigned long flags;
	u64 bound;

	if (!vpv_clock_extrapolates(c))
		return 0;
	spin_lock_irqsave(&c->line_lock, flags);
	bound = vpv_clock_line_bound(&c->line, window());
	spin_unlock_irqrestore(&c->line_lock, flags);
	return bound;
}
