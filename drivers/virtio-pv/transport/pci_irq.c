// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts of a PCI function: MSI-X per queue, shared, a single one, or INTx;
 * the first of these that the function, the machine and the device agree to.
 *
 * A line that storms without anything to reap is held back for a while, over and
 * over: completions wait for the end of the hold at most, and are not lost, as a
 * masked interrupt stays pending.
 */
#include <linux/interrupt.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/virtio_pci.h>

#include "pci.h"

#define STORM_WINDOW_MS 100
#define STORM_SPURIOUS 2000
#define STORM_HOLD_MS 10

/**
 * struct vpv_pci_vector - an interrupt
 * @p: its function
 * @queue: the first of its queues, NULL: none or all
 * @nr_queues: how many follow one another from there
 * @all_queues: it serves all queues
 * @config: it serves configuration changes
 * @irq: number
 * @name: for /proc/interrupts
 * @window: jiffies, start of the current storm window; the handler's
 * @useful: interrupts in it with something to do; the handler's
 * @useless: and without; the handler's
 * @held: masked until @release
 * @closing: no hold any more
 * @told: the storm was reported
 * @release: ends the hold
 */
struct vpv_pci_vector {
	struct vpv_pci *p;
	struct vpv_queue *queue;
	unsigned int nr_queues;
	bool all_queues;
	bool config;
	unsigned int irq;
	char name[48];
	unsigned long window;
	unsigned int useful;
	unsigned int useless;
	bool held;
	bool closing;
	bool told;
	struct delayed_work release;
};

static const char * const mode_names[] = {
	[VPV_PCI_PER_QUEUE] = "per queue",
	[VPV_PCI_SHARED] = "shared",
	[VPV_PCI_SINGLE] = "single",
	[VPV_PCI_INTX] = "intx",
	[VPV_PCI_NONE] = "none",
};

static const char * const param_names[] = { "auto", "shared", "single", "intx", NULL };
static enum vpv_pci_mode first_mode = VPV_PCI_PER_QUEUE;

static int vectors_set(const char *val, const struct kernel_param *kp)
{
	int i = sysfs_match_string(param_names, val);

	if (i < 0)
		return i;
	first_mode = i;
	return 0;
}

static int vectors_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n", param_names[first_mode]);
}

static const struct kernel_param_ops vectors_param_ops = {
	.set = vectors_set,
	.get = vectors_get,
};

module_param_cb(vectors, &vectors_param_ops, NULL, 0644);
MODULE_PARM_DESC(vectors,
		 "Debugging: most interrupt vectors to use: auto, shared, single, intx; for devices bound from then on");

/* ---- storms ---- */

static void hold(struct vpv_pci_vector *v)
{
	v->held = true;
	if (v->p->mode == VPV_PCI_INTX)
		pci_intx(v->p->pdev, 0);	/* the line may be others' too */
	else
		disable_irq_nosync(v->irq);
}

static void unhold(struct vpv_pci_vector *v)
{
	if (!xchg(&v->held, false))
		return;
	if (v->p->mode == VPV_PCI_INTX)
		pci_intx(v->p->pdev, 1);
	else
		enable_irq(v->irq);
}

static void release_work(struct work_struct *work)
{
	unhold(container_of(to_delayed_work(work), struct vpv_pci_vector, release));
}

/*
 * Racing with a drain that looked again makes some interrupts useless; that many
 * more useless than useful ones are nobody's race.
 */
static void account(struct vpv_pci_vector *v, bool useful)
{
	if (time_after(jiffies, v->window + msecs_to_jiffies(STORM_WINDOW_MS))) {
		v->window = jiffies;
		v->useful = 0;
		v->useless = 0;
	}
	if (useful) {
		v->useful++;
		return;
	}
	if (++v->useless < STORM_SPURIOUS || v->useful > v->useless / 16 ||
	    v->held || READ_ONCE(v->closing))
		return;
	v->useless = 0;
	if (!v->told)
		dev_warn(&v->p->pdev->dev,
			 "interrupt storm on %s without any work: held back from now on\n",
			 v->name);
	v->told = true;
	hold(v);
	queue_delayed_work(vpv_wq, &v->release, msecs_to_jiffies(STORM_HOLD_MS));
}

/* ---- handlers ---- */

static bool serve_all(struct vpv_pci *p)
{
	struct vpv_dev *vdev = &p->core.vdev;
	bool useful = false;
	unsigned int i;

	for (i = 0; i < vdev->nr_queues; i++)
		useful |= vpv_queue_irq(&vdev->queues[i]);
	return useful;
}

static irqreturn_t queue_handler(int irq, void *data)
{
	struct vpv_pci_vector *v = data;
	bool useful = false;
	unsigned int i;

	for (i = 0; i < v->nr_queues; i++)
		useful |= vpv_queue_irq(&v->queue[i]);
	if (!useful)
		vpv_queue_spurious(v->queue);
	account(v, useful);
	return IRQ_HANDLED;
}

static irqreturn_t shared_handler(int irq, void *data)
{
	struct vpv_pci_vector *v = data;

	account(v, serve_all(v->p));
	return IRQ_HANDLED;
}

static irqreturn_t config_handler(int irq, void *data)
{
	struct vpv_pci_vector *v = data;

	/* Each may be a change, and none is worth more than a look now and then. */
	account(v, false);
	vpv_config_irq(&v->p->core);
	return IRQ_HANDLED;
}

/*
 * Two causes may meet in one interrupt, and reading the ISR to tell them apart is
 * not for MSI-X (PCI-025): when no queue has anything it was a change, else the
 * generation is looked at, some time later.
 */
static irqreturn_t single_handler(int irq, void *data)
{
	struct vpv_pci_vector *v = data;
	bool useful = serve_all(v->p);

	account(v, useful);
	if (useful)
		vpv_config_poll(&v->p->core);
	else
		vpv_config_irq(&v->p->core);
	return IRQ_HANDLED;
}

/* The read takes the interrupt back, so it comes first, live or not. */
static irqreturn_t intx_handler(int irq, void *data)
{
	struct vpv_pci_vector *v = data;
	u8 isr = ioread8(v->p->isr);

	if (!isr || isr == 0xff)
		return IRQ_NONE;
	account(v, serve_all(v->p));
	if (isr & VIRTIO_PCI_ISR_CONFIG)
		vpv_config_irq(&v->p->core);
	return IRQ_HANDLED;
}

static irq_handler_t handler_of(const struct vpv_pci_vector *v)
{
	if (v->p->mode == VPV_PCI_INTX)
		return intx_handler;
	if (v->all_queues)
		return v->config ? single_handler : shared_handler;
	return v->config ? config_handler : queue_handler;
}

/* ---- making them ---- */

static bool wants_own_vector(const struct vpv_queue *q)
{
	return q->core->callback && !q->core->with_previous;
}

static unsigned int queues_with_vector(struct vpv_dev *vdev)
{
	unsigned int i, n = 0;

	for (i = 0; i < vdev->nr_queues; i++)
		n += wants_own_vector(&vdev->queues[i]);
	return n;
}

/* Which vector serves what. Vector 0 is always there, and takes the changes. */
static void assign(struct vpv_pci *p)
{
	struct vpv_dev *vdev = &p->core.vdev;
	unsigned int i, next = 0;

	p->vectors[0].config = true;
	if (p->mode != VPV_PCI_PER_QUEUE) {
		p->vectors[p->nr_vectors - 1].all_queues = true;
		return;
	}
	for (i = 0; i < vdev->nr_queues; i++) {
		if (wants_own_vector(&vdev->queues[i]))
			p->vectors[++next].queue = &vdev->queues[i];
		else if (!vdev->queues[i].core->callback)
			continue;
		p->vectors[next].nr_queues++;
	}
}

static void name_vector(struct vpv_pci_vector *v)
{
	const char *what = v->queue ? v->queue->name : v->all_queues ? "queues" : "config";

	if (v->config && v->all_queues)
		what = "all";
	snprintf(v->name, sizeof(v->name), "%s-%s", pci_name(v->p->pdev), what);
}

/*
 * Vectors of one's own are left alone over a suspend: the device is reset by
 * then and silent. Else Linux 6.1 loses count of disables when a vector that is
 * spread over CPUs is shut down and started again as its CPU goes and comes,
 * and warns of an unbalanced enable at each resume.
 */
static int request(struct vpv_pci *p)
{
	unsigned long flags = p->mode == VPV_PCI_INTX ? IRQF_SHARED : IRQF_NO_SUSPEND;
	struct vpv_pci_vector *v;
	unsigned int i;
	int err;

	for (i = 0; i < p->nr_vectors; i++) {
		v = &p->vectors[i];
		v->irq = p->mode == VPV_PCI_INTX ? p->pdev->irq : pci_irq_vector(p->pdev, i);
		name_vector(v);
		err = request_irq(v->irq, handler_of(v), flags, v->name, v);
		if (err)
			goto undo;
	}
	return 0;

undo:
	while (i--)
		free_irq(p->vectors[i].irq, &p->vectors[i]);
	return err;
}

static int alloc_msix(struct vpv_pci *p, unsigned int n, const struct irq_affinity *affd)
{
	struct irq_affinity spread = { };
	int got;

	if (!affd) {
		got = pci_alloc_irq_vectors(p->pdev, n, n, PCI_IRQ_MSIX);
	} else {
		spread = *affd;
		spread.pre_vectors++;	/* configuration changes */
		got = pci_alloc_irq_vectors_affinity(p->pdev, n, n,
						     PCI_IRQ_MSIX | PCI_IRQ_AFFINITY, &spread);
	}
	return got < 0 ? got : 0;
}

static int alloc_mode(struct vpv_pci *p, enum vpv_pci_mode mode,
		      const struct irq_affinity *affd)
{
	switch (mode) {
	case VPV_PCI_PER_QUEUE:
		p->nr_vectors = queues_with_vector(&p->core.vdev) + 1;
		return alloc_msix(p, p->nr_vectors, affd);
	case VPV_PCI_SHARED:
		p->nr_vectors = 2;
		return alloc_msix(p, 2, NULL);
	case VPV_PCI_SINGLE:
		p->nr_vectors = 1;
		return alloc_msix(p, 1, NULL);
	default:
		p->nr_vectors = 1;
		if (!p->pdev->irq)
			return -ENOSPC;
		pci_intx(p->pdev, 1);
		return 0;
	}
}

static void free_mode(struct vpv_pci *p)
{
	if (p->mode != VPV_PCI_INTX)
		pci_free_irq_vectors(p->pdev);
	p->mode = VPV_PCI_NONE;
	p->managed = false;
}

static int create_mode(struct vpv_pci *p, enum vpv_pci_mode mode,
		       const struct irq_affinity *affd)
{
	unsigned int i;
	int err;

	err = alloc_mode(p, mode, affd);
	if (err)
		return err;
	p->mode = mode;
	p->managed = affd;
	p->vectors = kcalloc(p->nr_vectors, sizeof(*p->vectors), GFP_KERNEL);
	if (!p->vectors) {
		err = -ENOMEM;
		goto undo_mode;
	}
	for (i = 0; i < p->nr_vectors; i++) {
		p->vectors[i].p = p;
		p->vectors[i].window = jiffies;
		INIT_DELAYED_WORK(&p->vectors[i].release, release_work);
	}
	assign(p);
	err = request(p);
	if (err)
		goto undo_vectors;
	err = vpv_pci_vectors_program(&p->core);
	if (err)
		vpv_pci_vectors_destroy(&p->core);
	return err;

undo_vectors:
	kfree(p->vectors);
	p->vectors = NULL;
undo_mode:
	free_mode(p);
	return err;
}

int vpv_pci_vectors_create(struct vpv_dev_core *d, const struct irq_affinity *affd)
{
	struct vpv_pci *p = to_vpv_pci(d);
	enum vpv_pci_mode mode = READ_ONCE(first_mode);
	int err = -ENOSPC;

	if (mode == VPV_PCI_PER_QUEUE && affd)
		err = create_mode(p, mode, affd);
	for (; err && mode <= VPV_PCI_INTX; mode++)
		err = create_mode(p, mode, NULL);
	if (err)
		dev_err(d->vdev.dev, "no interrupt to be had: error %d\n", err);
	return err;
}

static void destroy_vector(struct vpv_pci_vector *v)
{
	/* A hold has to end while there still is an interrupt to enable. */
	WRITE_ONCE(v->closing, true);
	synchronize_irq(v->irq);
	cancel_delayed_work_sync(&v->release);
	unhold(v);
	free_irq(v->irq, v);
}

void vpv_pci_vectors_destroy(struct vpv_dev_core *d)
{
	struct vpv_pci *p = to_vpv_pci(d);
	unsigned int i;

	if (!p->vectors)
		return;
	for (i = 0; i < p->nr_vectors; i++)
		destroy_vector(&p->vectors[i]);
	kfree(p->vectors);
	p->vectors = NULL;
	p->nr_vectors = 0;
	free_mode(p);
}

/* ---- telling the device ---- */

static u16 vector_of(struct vpv_pci *p, const struct vpv_queue *q)
{
	unsigned int i;

	if (!q->core->callback)
		return VIRTIO_MSI_NO_VECTOR;
	for (i = 0; i < p->nr_vectors; i++)
		if (p->vectors[i].all_queues ||
		    (p->vectors[i].queue && q >= p->vectors[i].queue &&
		     q < p->vectors[i].queue + p->vectors[i].nr_queues))
			return i;
	return VIRTIO_MSI_NO_VECTOR;
}

static int refused(struct vpv_pci *p)
{
	dev_warn(&p->pdev->dev, "device refuses interrupt vectors (%s)\n", mode_names[p->mode]);
	return -EBUSY;
}

/* 4.1.5.1.2.2: what was written has to be read back. Before the queue is enabled (PCI-017). */
int vpv_pci_vector_program(struct vpv_pci *p, struct vpv_queue *q)
{
	u16 vector = vector_of(p, q);

	if (p->mode == VPV_PCI_INTX)
		return 0;
	return vpv_pci_set_queue_vector(p, q->index, vector) == vector ? 0 : refused(p);
}

int vpv_pci_vectors_program(struct vpv_dev_core *d)
{
	struct vpv_pci *p = to_vpv_pci(d);
	struct vpv_dev *vdev = &d->vdev;
	unsigned int i;
	int err = 0;

	if (p->mode == VPV_PCI_INTX)
		return 0;
	if (vpv_pci_set_config_vector(p, 0) != 0)
		return refused(p);
	for (i = 0; i < vdev->nr_queues && !err; i++)
		err = vpv_pci_vector_program(p, &vdev->queues[i]);
	return err;
}

void vpv_pci_vectors_sync(struct vpv_dev_core *d)
{
	struct vpv_pci *p = to_vpv_pci(d);
	unsigned int i;

	for (i = 0; i < p->nr_vectors; i++)
		synchronize_irq(p->vectors[i].irq);
}

/* ---- who has which ---- */

const struct cpumask *vpv_pci_queue_affinity(struct vpv_queue *q)
{
	struct vpv_pci *p = to_vpv_pci(vpv_core(q->vdev));
	u16 vector = vector_of(p, q);

	if (!p->managed || vector == VIRTIO_MSI_NO_VECTOR)
		return NULL;
	return pci_irq_get_affinity(p->pdev, vector);
}

void vpv_pci_queue_set_affinity(struct vpv_queue *q, const struct cpumask *mask)
{
	struct vpv_pci *p = to_vpv_pci(vpv_core(q->vdev));
	u16 vector = vector_of(p, q);

	if (p->mode == VPV_PCI_PER_QUEUE && !p->managed && vector != VIRTIO_MSI_NO_VECTOR)
		irq_set_affinity(p->vectors[vector].irq, mask);
}

int vpv_pci_queue_irq(struct vpv_queue *q)
{
	struct vpv_pci *p = to_vpv_pci(vpv_core(q->vdev));
	u16 vector = vector_of(p, q);

	return vector == VIRTIO_MSI_NO_VECTOR ? 0 : p->vectors[vector].irq;
}

const char *vpv_pci_vector_mode(struct vpv_dev_core *d)
{
	return mode_names[to_vpv_pci(d)->mode];
}
