"use strict";
// The drop area of an upload (kit/console/upload.html): names the chosen file and refuses what is too big before it is sent.
const area = document.querySelector("[data-drop]");
const input = area && area.querySelector("input[type=file]");
const shown = area && area.querySelector("[data-drop-name]");
const problem = document.querySelector("[data-drop-problem]");

function show() {
  const file = input.files[0];
  if (!file) return;
  const mb = file.size / 1048576;
  shown.textContent = `${file.name}（${mb < 1 ? Math.max(1, Math.round(file.size / 1024)) + " KB" : mb.toFixed(1) + " MB"}）`;
  const tooBig = mb > Number(input.dataset.limitMb);
  problem.textContent = tooBig ? problem.dataset.tooBig : "";
  input.form.querySelector("[data-once]").disabled = tooBig;
  area.classList.toggle("chosen", !tooBig);
}

if (area) {
  input.hasChangeListener = true; // the theme would look for a text field beside it
  input.addEventListener("change", show);
  for (const kind of ["dragenter", "dragover"]) {
    area.addEventListener(kind, (event) => {
      event.preventDefault();
      area.classList.add("over");
    });
  }
  for (const kind of ["dragleave", "drop"]) area.addEventListener(kind, () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      show();
    }
  });
}
