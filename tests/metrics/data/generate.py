"""Writes expected.json: synthetic inputs, and what other people's programs say about them.

Needs numpy 2, scipy 1.17, scikit-learn 1.9, statsmodels 0.15, jiwer 4.0, pycocotools 2.0.11,
mean-average-precision 2024.1 and opencv-python-headless 5.0.
"""
import contextlib
import io
import json
import pathlib

import cv2
import jiwer
import numpy as np
from mean_average_precision import MetricBuilder
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from scipy import stats
from sklearn import metrics as sk
from statsmodels.stats.contingency_tables import mcnemar


def classification(rng):
    # Few distinct scores, so that ties occur; class 6 never occurs, class 5 only as a prediction.
    scores = rng.integers(0, 12, (150, 7)) / 4.0
    scores[:, 6] = -1
    labels = rng.integers(0, 5, 150)
    scores[np.arange(150), labels] += rng.integers(0, 3, 150)
    predicted = scores.argmax(axis=1)  # the first of equals
    order = np.argsort(-scores, axis=1, kind="stable")
    out = {"scores": scores.tolist(), "labels": labels.tolist()}
    out["top1"] = float((predicted == labels).mean())
    out["top5"] = float((order[:, :5] == labels[:, None]).any(axis=1).mean())
    falling = -np.sort(-scores, axis=1)
    out["ties1"] = int((falling[:, 0] == falling[:, 1]).sum())
    out["ties5"] = int((falling[:, 4] == falling[:, 5]).sum())
    for name, function in (("precision", sk.precision_score), ("recall", sk.recall_score), ("f1", sk.f1_score)):
        out[name] = {a: float(function(labels, predicted, average=a, zero_division=0)) for a in ("macro", "micro", "weighted")}
        present = sorted(set(labels) | set(predicted))
        values = function(labels, predicted, average=None, labels=present, zero_division=0)
        out[name]["classes"] = {str(c): float(v) for c, v in zip(present, values)}
    other = rng.permutation(predicted)
    other[:110] = predicted[:110]
    right, other_right = predicted == labels, other == labels
    table = [[int((right & other_right).sum()), int((right & ~other_right).sum())],
             [int((~right & other_right).sum()), int((~right & ~other_right).sum())]]
    out["other_predictions"] = other.tolist()
    out["mcnemar"] = float(mcnemar(table, exact=True).pvalue)
    return out


def correlation(rng):
    x = rng.integers(0, 15, 60) / 2.0
    y = x + rng.integers(-6, 7, 60)
    return {"x": x.tolist(), "y": y.tolist(), "spearman": float(stats.spearmanr(x, y).statistic),
            "pearson": float(stats.pearsonr(x, y).statistic), "ranks": stats.rankdata(x).tolist()}


def text():
    truth = ["the quick brown fox", "jumps over", "the  lazy dog ", "\u00fcber Stra\u00dfe", "\u6771\u4eac\u90fd", "one"]
    found = ["the quick brown box", "jumps over the", "lazy dog", "uber Strasse", "\u4eac\u90fd\u5e02", ""]
    return {"truth": truth, "found": found, "wer": jiwer.wer(truth, found), "cer": jiwer.cer(truth, found)}


def segmentation(rng):
    masks = rng.integers(0, 4, (5, 6, 8))
    masks[rng.random(masks.shape) < 0.1] = 255
    scores = rng.integers(0, 256, (5, 4, 6, 8)) / 16.0
    # Class 3 loses against the others mostly, so that ratios differ.
    scores[:, 3] -= 4
    predicted = scores.argmax(axis=1)
    seen = masks != 255
    out = {"masks": masks.tolist(), "scores": scores.tolist(),
           "mean_iou": float(sk.jaccard_score(masks[seen], predicted[seen], average="macro")),
           "classes": sk.jaccard_score(masks[seen], predicted[seen], average=None).tolist(),
           "pixel_accuracy": float((masks[seen] == predicted[seen]).mean())}
    # OpenCV's bilinear resize has half-pixel centres, as the metric.
    small = scores[0].astype(np.float32)
    large = cv2.resize(small.transpose(1, 2, 0), (19, 15), interpolation=cv2.INTER_LINEAR)
    out["resized"] = large.argmax(axis=2).tolist()
    return out


def detection_images(rng):
    images = []
    for index in range(24):
        count = 0 if index in (3, 11) else int(rng.integers(1, 9))
        corner = rng.integers(0, 300, (count, 2))
        size = rng.choice([12, 24, 40, 80, 120, 180], (count, 2)) + rng.integers(0, 9, (count, 2))
        boxes = np.concatenate([corner, corner + size], axis=1) / 1.0
        classes = rng.integers(0, 4, count)
        crowd = rng.random(count) < 0.15
        area = size.prod(axis=1) * rng.choice([0.5, 0.75, 1.0], count)
        found, found_classes = [], []
        for box, c in zip(boxes, classes):
            for _ in range(int(rng.integers(0, 4))):
                found.append(box + rng.integers(-24, 25, 4) * rng.choice([0.25, 0.5, 1.0]))
                found_classes.append(c if rng.random() < 0.9 else rng.integers(0, 5))
        stray = 0 if index in (3, 7) else int(rng.integers(0, 6))
        if index == 5:
            stray = 130  # more than 100 detections of a class
        for _ in range(stray):
            x, y = rng.integers(0, 400, 2)
            found.append([x, y, x + rng.integers(4, 200), y + rng.integers(4, 200)])
            found_classes.append(1 if index == 5 else rng.integers(0, 5))
        found = np.clip(np.array(found, float).reshape(-1, 4), 0, 600)
        found[:, 2:] = np.maximum(found[:, 2:], found[:, :2] + 1)
        # 40 distinct scores: ties within and between images.
        scores = rng.integers(1, 41, len(found)) / 64.0
        images.append({"id": int(1000 - 7 * index), "boxes": boxes.tolist(), "classes": classes.tolist(),
                       "crowd": crowd.tolist(), "area": area.tolist(), "found": found.tolist(),
                       "found_classes": [int(c) for c in found_classes], "scores": scores.tolist()})
    return images


def coco(images):
    truth = {"images": [{"id": i["id"]} for i in images], "categories": [{"id": c} for c in range(5)], "annotations": []}
    results = []
    for image in images:
        for box, c, crowd, area in zip(image["boxes"], image["classes"], image["crowd"], image["area"]):
            truth["annotations"].append({"id": len(truth["annotations"]) + 1, "image_id": image["id"], "category_id": c,
                                         "bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]],
                                         "iscrowd": int(crowd), "area": area})
        for box, c, score in zip(image["found"], image["found_classes"], image["scores"]):
            results.append({"image_id": image["id"], "category_id": c, "score": score,
                            "bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]]})
    with contextlib.redirect_stdout(io.StringIO()):
        data = COCO()
        data.dataset = truth
        data.createIndex()
        evaluation = COCOeval(data, data.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    s = evaluation.stats
    precision = evaluation.eval["precision"][:, :, :, 0, 2]
    classes = {str(c): float(precision[:, :, c].mean()) for c in range(5) if precision[:, :, c].max() > -1}
    return {"map": s[0], "ap50": s[1], "ap75": s[2], "ap_small": s[3], "ap_medium": s[4], "ap_large": s[5],
            "ar100": s[8], "classes": classes}


def voc(images, rng):
    """Without difficult objects, which the package counts among the positives, and with distinct scores."""
    out = {}
    scores = rng.permutation(sum(len(i["scores"]) for i in images)) + 1
    scores = (scores / (len(scores) + 1)).astype(np.float32)
    metric = MetricBuilder.build_evaluation_metric("map_2d", async_mode=False, num_classes=5)
    at = 0
    for image in images:
        count = len(image["found"])
        image["voc_scores"] = [float(v) for v in scores[at:at + count]]
        at += count
        # The package's boxes end with inclusive pixels.
        shrink = np.array([0, 0, 1, 1])
        found = np.array(image["found"], float).reshape(-1, 4) - shrink
        truth = np.array(image["boxes"], float).reshape(-1, 4) - shrink
        metric.add(np.column_stack([found, image["found_classes"], image["voc_scores"]]),
                   np.column_stack([truth, image["classes"], np.zeros((len(truth), 2))]))
    for year, points in (("2010", None), ("2007", np.arange(0.0, 1.1, 0.1))):
        value = metric.value(iou_thresholds=0.5, recall_thresholds=points, mpolicy="greedy")[0.5]
        out[year] = {str(c): float(value[c]["ap"]) for c in range(4)}
    return out


rng = np.random.default_rng(11)
images = detection_images(rng)
expected = {"classification": classification(rng), "correlation": correlation(rng), "text": text(),
            "segmentation": segmentation(rng), "coco": coco(images), "voc": voc(images, rng), "images": images}
path = pathlib.Path(__file__).parent / "expected.json"
path.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in expected.items()) + "\n}\n")
