/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints: what passes between driver and device outside of the rings. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM virtio_pv

#if !defined(VPV_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VPV_TRACE_H

#include <linux/tracepoint.h>

#include "vpv_core.h"

#define VPV_TRACE_NAME 24

DECLARE_EVENT_CLASS(vpv_queue_event,
	TP_PROTO(const struct vpv_queue *q),
	TP_ARGS(q),
	TP_STRUCT__entry(
		__array(char, dev, VPV_TRACE_NAME)
		__field(u16, queue)
	),
	TP_fast_assign(
		strscpy(__entry->dev, dev_name(q->vdev->dev), VPV_TRACE_NAME);
		__entry->queue = q->index;
	),
	TP_printk("dev=%s queue=%u", __entry->dev, __entry->queue)
);

DEFINE_EVENT(vpv_queue_event, kick,
	TP_PROTO(const struct vpv_queue *q), TP_ARGS(q));
DEFINE_EVENT(vpv_queue_event, kick_avoided,
	TP_PROTO(const struct vpv_queue *q), TP_ARGS(q));
DEFINE_EVENT(vpv_queue_event, irq,
	TP_PROTO(const struct vpv_queue *q), TP_ARGS(q));
DEFINE_EVENT(vpv_queue_event, irq_spurious,
	TP_PROTO(const struct vpv_queue *q), TP_ARGS(q));

TRACE_EVENT(queue_broken,
	TP_PROTO(const struct vpv_queue *q, unsigned int error, u32 value),
	TP_ARGS(q, error, value),
	TP_STRUCT__entry(
		__array(char, dev, VPV_TRACE_NAME)
		__field(u16, queue)
		__field(unsigned int, error)
		__field(u32, value)
	),
	TP_fast_assign(
		strscpy(__entry->dev, dev_name(q->vdev->dev), VPV_TRACE_NAME);
		__entry->queue = q->index;
		__entry->error = error;
		__entry->value = value;
	),
	TP_printk("dev=%s queue=%u error=%u value=%#x", __entry->dev, __entry->queue,
		  __entry->error, __entry->value)
);

/* A reset of the device, or of one queue of it; result is 0 or an errno. */
TRACE_EVENT(reset,
	TP_PROTO(const struct vpv_dev *vdev, int queue, int result),
	TP_ARGS(vdev, queue, result),
	TP_STRUCT__entry(
		__array(char, dev, VPV_TRACE_NAME)
		__field(int, queue)
		__field(int, result)
	),
	TP_fast_assign(
		strscpy(__entry->dev, dev_name(vdev->dev), VPV_TRACE_NAME);
		__entry->queue = queue;
		__entry->result = result;
	),
	TP_printk("dev=%s queue=%d result=%d", __entry->dev, __entry->queue, __entry->result)
);

TRACE_EVENT(features,
	TP_PROTO(const struct vpv_dev *vdev, const u32 *offered, const u32 *agreed),
	TP_ARGS(vdev, offered, agreed),
	TP_STRUCT__entry(
		__array(char, dev, VPV_TRACE_NAME)
		__array(u32, offered, VPV_FEATURE_WORDS)
		__array(u32, agreed, VPV_FEATURE_WORDS)
	),
	TP_fast_assign(
		strscpy(__entry->dev, dev_name(vdev->dev), VPV_TRACE_NAME);
		memcpy(__entry->offered, offered, sizeof(__entry->offered));
		memcpy(__entry->agreed, agreed, sizeof(__entry->agreed));
	),
	TP_printk("dev=%s offered=%08x%08x%08x%08x agreed=%08x%08x%08x%08x", __entry->dev,
		  __entry->offered[3], __entry->offered[2], __entry->offered[1],
		  __entry->offered[0], __entry->agreed[3], __entry->agreed[2],
		  __entry->agreed[1], __entry->agreed[0])
);

#endif /* VPV_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE vpv_trace
#include <trace/define_trace.h>
