// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI functions and PCI drivers. Each driver module has a struct pci_driver of
 * its own name, made here, so that "lspci -k" and driver_override know it. The
 * table of ids is no module alias: nothing is loaded, and no device taken from
 * another driver, unless the administrator does it.
 */
#include <linux/dma-mapping.h>
#include <linux/pm.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>

#include "pci.h"

#define VIRTIO_PCI_VENDOR 0x1af4
#define VIRTIO_PCI_MODERN 0x1040

/**
 * struct vpv_pci_driver - a driver's registration
 * @pci: the PCI driver
 * @ids: modern, transitional, end
 * @drv: the driver
 */
struct vpv_pci_driver {
	struct pci_driver pci;
	struct pci_device_id ids[3];
	const struct vpv_driver *drv;
};

/* ---- one function ---- */

static u32 device_type(struct pci_dev *pdev)
{
	/* 4.1.2.3: a transitional function has its type in the subsystem id. */
	return pdev->device >= VIRTIO_PCI_MODERN ? pdev->device - VIRTIO_PCI_MODERN :
						   pdev->subsystem_device;
}

/* The id table says so already, but driver_override does not ask it. */
static int check_type(struct pci_dev *pdev, const struct vpv_driver *drv)
{
	if (pdev->vendor == VIRTIO_PCI_VENDOR && device_type(pdev) == drv->device_id)
		return 0;
	dev_err(&pdev->dev, "no virtio device of type %u, which %s drives\n", drv->device_id,
		drv->name);
	return -ENODEV;
}

static int enable(struct pci_dev *pdev)
{
	int err;

	err = pci_enable_device(pdev);
	if (err)
		return err;
	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (err)
		err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(32));
	if (err)
		pci_disable_device(pdev);
	return err;
}

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct vpv_pci_driver *pd = container_of(to_pci_driver(pdev->dev.driver),
						 struct vpv_pci_driver, pci);
	struct vpv_pci *p;
	int err;

	err = check_type(pdev, pd->drv);
	if (err)
		return err;
	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	p->pdev = pdev;
	p->mode = VPV_PCI_NONE;
	vpv_dev_init(&p->core, &pdev->dev, pd->drv, &vpv_pci_ops);
	pci_set_drvdata(pdev, p);

	err = enable(pdev);
	if (err)
		goto free;
	err = vpv_pci_map(p);
	if (err)
		goto disable;
	err = vpv_dev_bind(&p->core);
	if (err)
		goto unmap;
	return 0;

unmap:
	vpv_pci_unmap(p);
disable:
	pci_disable_device(pdev);
free:
	pci_set_drvdata(pdev, NULL);
	kfree(p);
	return err;
}

static void remove(struct pci_dev *pdev)
{
	struct vpv_pci *p = pci_get_drvdata(pdev);

	vpv_dev_unbind(&p->core);
	vpv_pci_unmap(p);
	pci_disable_device(pdev);
	pci_set_drvdata(pdev, NULL);
	kfree(p);
}

static void shutdown(struct pci_dev *pdev)
{
	struct vpv_pci *p = pci_get_drvdata(pdev);

	vpv_dev_shutdown(&p->core);
}

/* ---- stop and start from outside ---- */

static int freeze(struct device *dev)
{
	struct vpv_pci *p = dev_get_drvdata(dev);

	vpv_dev_pause(&p->core, true);
	return 0;
}

/* A shared line is masked over a suspend, whatever the device has to say. */
static bool stays_awake(struct vpv_pci *p)
{
	const struct vpv_driver *drv = p->core.vdev.drv;

	return p->mode != VPV_PCI_INTX && drv->may_wake && drv->may_wake(&p->core.vdev);
}

static int suspend(struct device *dev)
{
	struct vpv_pci *p = dev_get_drvdata(dev);

	p->awake = stays_awake(p);
	if (!p->awake)
		return freeze(dev);
	/* With its state saved, the PCI core leaves the function's power alone. */
	pci_save_state(p->pdev);
	return 0;
}

/* A device that does not come back fails its users, not the machine's resume. */
static int resume(struct device *dev)
{
	struct vpv_pci *p = dev_get_drvdata(dev);

	/* Where the machine lost its power the device has forgotten everything. */
	if (p->awake)
		vpv_dev_pause(&p->core, false);
	p->awake = false;
	vpv_dev_unpause(&p->core);
	return 0;
}

static const struct dev_pm_ops pm_ops = {
	.suspend = pm_sleep_ptr(suspend),
	.resume = pm_sleep_ptr(resume),
	.freeze = pm_sleep_ptr(freeze),
	.thaw = pm_sleep_ptr(resume),
	.poweroff = pm_sleep_ptr(freeze),
	.restore = pm_sleep_ptr(resume),
};

static void reset_prepare(struct pci_dev *pdev)
{
	struct vpv_pci *p = pci_get_drvdata(pdev);

	vpv_dev_pause(&p->core, false);
}

static void reset_done(struct pci_dev *pdev)
{
	struct vpv_pci *p = pci_get_drvdata(pdev);

	vpv_dev_unpause(&p->core);
}

static const struct pci_error_handlers error_handlers = {
	.reset_prepare = reset_prepare,
	.reset_done = reset_done,
};

/* ---- drivers ---- */

static void fill_id(struct pci_device_id *id, u16 device)
{
	id->vendor = VIRTIO_PCI_VENDOR;
	id->device = device;
	id->subvendor = PCI_ANY_ID;
	id->subdevice = PCI_ANY_ID;
}

int vpv_pci_register(struct vpv_driver *drv, struct module *owner)
{
	struct vpv_pci_driver *pd;
	int err;

	pd = kzalloc(sizeof(*pd), GFP_KERNEL);
	if (!pd)
		return -ENOMEM;
	fill_id(&pd->ids[0], VIRTIO_PCI_MODERN + drv->device_id);
	if (drv->transitional_id)
		fill_id(&pd->ids[1], drv->transitional_id);
	pd->drv = drv;
	pd->pci.name = drv->name;
	pd->pci.id_table = pd->ids;
	pd->pci.probe = probe;
	pd->pci.remove = remove;
	pd->pci.shutdown = shutdown;
	pd->pci.err_handler = &error_handlers;
	pd->pci.driver.pm = pm_sleep_ptr(&pm_ops);
	drv->registration = pd;

	err = __pci_register_driver(&pd->pci, owner, drv->name);
	if (err) {
		drv->registration = NULL;
		kfree(pd);
	}
	return err;
}

void vpv_pci_unregister(struct vpv_driver *drv)
{
	struct vpv_pci_driver *pd = drv->registration;

	pci_unregister_driver(&pd->pci);
	drv->registration = NULL;
	kfree(pd);
}
